//! Lists metric definitions as one YAML document.

use crate::Source;
use internal_events_catalog::TimeFrame;
use serde_json::{Map, Value};

/// Writes the definitions of these files as a list in YAML, as GitLab's REST API gives them.
///
/// A definition with several time frames is listed once for each, as the metric it stands for;
/// one that cannot be read is left out. With paths, each says its file as `file_path`.
///
/// # Panics
///
/// Never, unless the YAML library cannot write what it has read.
pub fn metric_definitions(sources: &[Source], include_paths: bool) -> String {
    let mut list = Vec::with_capacity(sources.len());
    for source in sources {
        let Ok(text) = std::str::from_utf8(&source.bytes) else { continue };
        let read = serde_saphyr::from_str(text.trim_start_matches('\u{feff}'));
        let Ok(Value::Object(definition)) = read else { continue };
        // Folders such as `aggregates` hold lists and other things, which are no metrics.
        if definition.contains_key("key_path") {
            let path = include_paths.then_some(source.path.as_str());
            list.extend(expand(definition, path));
        }
    }
    let list = serde_saphyr::to_string(&list);
    list.expect("invariant: what was read from YAML can be written as YAML")
}

fn expand(mut definition: Map<String, Value>, path: Option<&str>) -> Vec<Value> {
    if let Some(path) = path {
        definition.insert("file_path".to_owned(), path.into());
    }
    let Some(Value::Array(frames)) = definition.get("time_frame") else {
        return vec![definition.into()];
    };
    let frames: Vec<_> = frames.iter().filter_map(|it| TimeFrame::parse(it.as_str()?)).collect();
    let metric = |frame: TimeFrame| {
        let mut metric = definition.clone();
        metric.insert("time_frame".to_owned(), frame.as_str().into());
        if let Some(key_path) = definition["key_path"].as_str() {
            let key_path = format!("{key_path}{}", frame.key_path_suffix());
            metric.insert("key_path".to_owned(), key_path.into());
        }
        metric.into()
    };
    frames.into_iter().map(metric).collect()
}
