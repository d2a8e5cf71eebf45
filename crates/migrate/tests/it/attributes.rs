//! Whatever stands in a file, rewriting its attributes ends, and what it writes is settled.

use internal_events_migrate::{Language, Options, Project, Rewrite, Style, attributes};
use proptest::prelude::*;

const LANGUAGES: [Language; 7] = [
    Language::Html,
    Language::Vue,
    Language::Erb,
    Language::Haml,
    Language::Ruby,
    Language::JavaScript,
    Language::TypeScript,
];

/// Pieces of which files are made, whole attributes among them so that many are found.
const PIECES: &[&str] = &[
    "<a ",
    "<a data-track-action=\"x\"",
    "<p data-track-action='render'>",
    "</a>",
    "<!--",
    "-->",
    "/>",
    "<template>\n",
    "</template>\n",
    "<script>\n",
    "</script>\n",
    "<%= ",
    "<% ",
    " %>",
    "-%>",
    "<%# ",
    " data-track-action=\"x\"",
    " data-track-action='y'",
    " data-track-label=\"l\"",
    " data-track-value=1",
    " data-track-extra='{\"a\": 1}'",
    " data-track-context='{}'",
    " data-event-tracking=\"x\"",
    " data-event-label='l'",
    " :data-track-label=\"l\"",
    " v-bind:data-track-action=\"'x'\"",
    " v-bind=\"{ 'data-track-action': 'x' }\"",
    "%a{ data: { track_action: 'x', track_label: 'l' } }\n",
    "%a(data-track-action='x')\n",
    "%a.b{ ",
    "\n= link_to 'é', x, ",
    "\n- f(",
    "\n  ",
    "\n",
    "\r\n",
    " ",
    ",\n",
    ", ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "data: { track_action: 'x' }",
    "data: { ",
    "track_action: 'x'",
    "track_label: \"l\"",
    "track_value: 2",
    "event_tracking: 'x'",
    "'data-track-action' => 'x'",
    "\"data-track-action\": 'render'",
    "track: { action: 'x' }",
    "**tracking_attrs('l', 'x', 'p')",
    "tracking_attrs('l', 'render', nil)",
    "**tracking_attrs_data('l', 'x', 'p')",
    "'data-track-action': 'x'",
    "'data-track-label': l",
    "el.dataset.trackAction = 'x';",
    "el.dataset.trackLabel = 'l';",
    "data['track-action'] = 'x';\n",
    "el.setAttribute('data-track-action', 'x')",
    "$x.attr('data-track-action', 'x').attr('data-track-value', 1)",
    "#{",
    "\"",
    "'",
    "`",
    "\\",
    "=",
    ">",
    "<",
    "é",
    "{{ a<b }}",
    "|",
    " |\n",
    " do |f|\n",
    "\nend\n",
    ";",
    "#",
    "//",
    ":javascript\n",
];

fn options() -> impl Strategy<Value = Options> {
    any::<[bool; 3]>().prop_map(|[drops_properties, drops_context, renames]| Options {
        style: if drops_properties { Style::First } else { Style::Current },
        drops_properties,
        drops_context,
        renames: if renames { [("x".to_owned(), "z".to_owned())].into() } else { [].into() },
        ..Options::default()
    })
}

/// Rewrites a text of each language and checks what came of it.
fn settles(text: &str, options: &Options) {
    for language in LANGUAGES {
        let Ok(done) = attributes::rewrite(text, language, &Project::default(), options) else {
            continue;
        };
        let written = done.edits.apply(text);
        assert_untouched(text, &written, &done);
        let again = attributes::rewrite(&written, language, &Project::default(), options);
        let Ok(again) = again else {
            panic!("{language:?} does not parse any more:\n{text}\n---\n{written}\n{again:?}")
        };
        let is_settled = again.edits.is_empty();
        assert!(is_settled, "{language:?} changes twice:\n{text}\n---\n{written}\n{again:?}");
    }
}

/// What lies outside of edits stands there still, in its order.
fn assert_untouched(text: &str, written: &str, done: &Rewrite) {
    let mut at = 0;
    let mut rest = written;
    for edit in done.edits.iter() {
        let kept = &text[at..edit.range.start];
        rest = rest.strip_prefix(kept).and_then(|it| it.strip_prefix(&*edit.text)).unwrap();
        at = edit.range.end;
    }
    assert_eq!(rest, &text[at..]);
    for site in &done.sites {
        assert!(text.get(site.range.clone()).is_some(), "{site:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_mixture_of_pieces_is_settled_after_one_run(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 1..14),
        options in options(),
    ) {
        settles(&pieces.concat(), &options);
    }

    #[test]
    fn whole_files_that_are_cut_and_mixed_up_are_settled_after_one_run(
        file in prop::sample::select(FILES),
        cut in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        piece in prop::sample::select(PIECES),
        options in options(),
    ) {
        let boundary = |mut at: usize| {
            while !file.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (cut, place) = (boundary(cut.index(file.len() + 1)), boundary(place.index(file.len() + 1)));
        let (head, tail) = file.split_at(place);
        settles(&format!("{head}{piece}{tail}"), &options);
        settles(&file[..cut], &options);
        settles(&file[cut..], &options);
        // A piece of the middle is gone.
        settles(&format!("{}{}", &file[..cut.min(place)], &file[cut.max(place)..]), &options);
    }

    #[test]
    fn any_text_is_read(text in ".{0,60}track[-_]action.{0,60}") {
        settles(&text, &Options::default());
    }
}

const FILES: &[&str] = &[
    "<p>\n  <a href='é'\n     data-track-action=\"click_e\" data-track-label='l'\n     data-track-extra='{\"a\": \"b\"}'>é</a>\n</p>\n",
    "<script>\nimport a from 'b';\nexport default { a: { attrs: { 'data-track-action': 'x', 'data-track-label': 'l' } } };\n</script>\n<template>\n  <div :a=\"b\">\n    {{ a<b }}\n    <gl-button\n      data-track-action=\"x\"\n      :data-track-label=\"l\"\n      v-bind=\"{ 'a': 'x' }\"\n    />\n    <a v-bind:data-track-action=\"'x'\" :data-track-extra=\"JSON.stringify({ a: 1 })\" />\n  </div>\n</template>\n",
    "<% if a %>\n  <%= link_to 'é', path, class: 'a', data: { track_action: 'x', track_label: 'l' } %>\n  <a data-track-action='y' data-track-label=\"<%= l %>\">b</a>\n<% end %>\n<%= f **tracking_attrs('l', 'x', 'p') %>\n",
    "%ul\n  - a.each do |b|\n    %li.c{ data: { track_action: 'x',\n      track_label: 'l' } }= b\n  = link_to path, class: 'é', data: { track_action: 'y' } do\n    %b(data-track-action='z' data-track-value=\"1\") text #{f(data: { track_action: 'w' })}\n  %i{ data: { track: { action: 'render', extra: json } } }\n%a{ href: x, **tracking_attrs('l', 'x', 'p') }\n:plain\n  track_action\n",
    "class A\n  # é\n  def a\n    link_to 'x', b, class: 'c', data: { track_action: 'x', track_label: l, id: 1 }\n    tag.a('data-track-action' => 'render', 'data-track-value' => 2)\n    f(data: { track_action: 'x', track_extra: { a: 1 }.to_json })\n    g(**tracking_attrs('l', 'x', 'p'))\n    h(tracking_attrs('l', 'x', nil), 1)\n  end\nend\n",
    "import a from 'b';\n\nfunction f(el) {\n  el.dataset.trackAction = 'x'; // é\n  el.dataset.trackLabel = l;\n  el.setAttribute('data-track-value', 1);\n}\nconst o = {\n  attrs: {\n    'data-track-action': 'x',\n    'data-track-label': 'l',\n  },\n  dataset: { trackAction: 'y' },\n};\n$a\n  .attr('data-track-action', 'x')\n  .attr('data-track-label', 'l');\n",
];

#[test]
fn the_files_are_as_they_should_be() {
    let whole = [0, 1, 2, 3, 4, 5].map(|it| FILES[it]);
    let languages = [
        Language::Html,
        Language::Vue,
        Language::Erb,
        Language::Haml,
        Language::Ruby,
        Language::JavaScript,
    ];
    for (text, language) in whole.into_iter().zip(languages) {
        settles(text, &Options::default());
        let done =
            attributes::rewrite(text, language, &Project::default(), &Options::default()).unwrap();
        assert!(!done.found.is_empty(), "{language:?}: {done:?}");
    }
}
