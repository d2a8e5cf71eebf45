//! What a tracker is asked: metrics, explanations, and what tests want to see.

use super::{Home, NativeTracker};
use crate::call;
use crate::gvl::without_gvl;
use crate::installation::{error, error_of};
use internal_events::snowplow::{Salt, SnowplowOptions, legacy_event, parameters};
use internal_events::store::{self, Kind, StoredEntry};
use internal_events::{
    Forwarded, Others, Window, entry_json, explanation_json, explanation_text, legacy_unique,
    report_json,
};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use magnus::value::{ReprValue as _, Value};
use magnus::{Error, RArray, Ruby, TryConvert as _};
use serde_json::{Map, json};
use std::sync::atomic::Ordering;

impl NativeTracker {
    /// The values of metrics as JSON, seen from a day.
    pub(crate) fn metrics(
        ruby: &Ruby,
        this: &Self,
        key_paths: Vec<String>,
        include_current_week: bool,
        today: Option<String>,
    ) -> Result<String, Error> {
        let tracker = this.opened(ruby)?;
        let today = this.day(ruby, today)?;
        let window = Window { today, include_current_week };
        let key_paths: Vec<&str> = key_paths.iter().map(String::as_str).collect();
        let report = without_gvl(ruby, || tracker.metrics(&key_paths, window))?;
        Ok(report_json(&report.map_err(|it| error(ruby, &it))?).to_string())
    }

    /// How many values the sets of legacy events have seen in the weeks of some days, together;
    /// nothing if there are no such sets. `asked` is `[names, property, days]`.
    pub(crate) fn distinct(ruby: &Ruby, this: &Self, asked: RArray) -> Result<Option<u64>, Error> {
        let tracker = this.opened(ruby)?;
        let names: Vec<String> = asked.entry(0)?;
        let property: Option<String> = asked.entry(1)?;
        let days: Vec<String> = asked.entry(2)?;
        let catalog = tracker.catalog();
        let mut keys: Vec<String> = Vec::new();
        for day in days {
            let day = this.day(ruby, Some(day))?;
            for name in &names {
                let event = legacy_unique(name, property.as_deref(), 0.into());
                let rules = catalog.explain(&event, day).rules.into_iter();
                keys.extend(rules.filter_map(|it| it.moves().then_some(it.key)));
            }
        }
        if keys.is_empty() {
            return Ok(None);
        }
        let kinds: Vec<(&str, Kind)> = keys.iter().map(|it| (it.as_str(), Kind::Unique)).collect();
        let counters = without_gvl(ruby, || tracker.counters(&kinds))?;
        let counters = counters.map_err(|it| error(ruby, &it))?;
        let distinct = counters.distinct(keys.iter().map(String::as_str));
        distinct.map(Some).map_err(|it| error(ruby, &it))
    }

    /// Why an event would move which counter on a day: as JSON, and in words. The arguments are
    /// the day, if any, and a call that is in order.
    pub(crate) fn explain(
        ruby: &Ruby,
        this: &Self,
        arguments: &[Value],
    ) -> Result<(String, String), Error> {
        let (day, call) = call::after_first(ruby, arguments)?;
        let day = this.day(ruby, Option::<String>::try_convert(day)?)?;
        let call = call::sorted(ruby, call)?;
        let event = call.event(ruby, call.name()?, this.tells_circumstances())?;
        let catalog = this.catalog();
        let explanation = catalog.explain(&event, day);
        let json = explanation_json(&explanation, &event, day);
        Ok((json.to_string(), explanation_text(&explanation, &event, day)))
    }

    /// The entries of the journal after one, as JSON.
    pub(crate) fn entries(ruby: &Ruby, this: &Self, after: u64) -> Result<String, Error> {
        let entries = this.read_entries(ruby, after, usize::MAX)?;
        Ok(entries.iter().map(entry_json).collect::<serde_json::Value>().to_string())
    }

    /// What was kept aside, as JSON.
    pub(crate) fn quarantined(ruby: &Ruby, this: &Self) -> Result<String, Error> {
        let tracker = this.opened(ruby)?;
        let kept = without_gvl(ruby, || tracker.read(|it| it.quarantined(usize::MAX)))?;
        let kept = kept.unwrap_or_else(|| Ok(Vec::new())).map_err(|it| error(ruby, &it))?;
        let shape = kept.iter().map(|it| {
            let event: serde_json::Value = serde_json::from_slice(&it.event).unwrap_or_default();
            json!({ "received_at": it.received_at, "reason": it.reason, "event": event })
        });
        Ok(shape.collect::<serde_json::Value>().to_string())
    }

    /// The parameters that are sent to Snowplow for an entry, as JSON; nothing if none are.
    pub(crate) fn snowplow(
        ruby: &Ruby,
        this: &Self,
        sequence: u64,
    ) -> Result<Option<String>, Error> {
        let entries = this.read_entries(ruby, sequence.saturating_sub(1), 1)?;
        let Some(entry) = entries.first().filter(|it| it.sequence == sequence) else {
            return Ok(None);
        };
        let options = this.snowplow_options(ruby)?;
        let Ok(parameters) = parameters(entry, &options) else { return Ok(None) };
        let object: Map<String, serde_json::Value> =
            parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Ok(Some(serde_json::Value::Object(object).to_string()))
    }

    /// Sends an event of the time before internal events to analytics alone. The arguments are
    /// contexts that are JSON, and a call that is in order; the answers are those of `track`.
    pub(crate) fn hand_on(ruby: &Ruby, this: &Self, arguments: &[Value]) -> Result<Value, Error> {
        let (contexts, call) = call::after_first(ruby, arguments)?;
        let contexts = Vec::<String>::try_convert(contexts)?;
        if this.current().is_none() {
            return Ok(this.not_open(ruby));
        }
        let Some(options) = this.sending(ruby)? else { return Ok(ruby.qnil().as_value()) };
        let call = call::sorted(ruby, call)?;
        let event = call.event(ruby, call.name()?, this.tells_circumstances())?;
        let parameters = legacy_event(&event, &contexts, this.now(), &options);
        let forwarded = Forwarded { parameters: parameters.into(), given_id: None };
        let others = Others { forwarded: vec![forwarded], ..Others::default() };
        // The application may have forked since.
        let Some(tracker) = this.current() else { return Ok(this.not_open(ruby)) };
        // What is refused is counted in the ledger.
        let is_taken = tracker.submit_with(Vec::new(), others).is_ok();
        Ok(if is_taken { ruby.qnil().as_value() } else { ruby.qfalse().as_value() })
    }

    /// How events are sent; nothing if they are not. In memory they always are, as far as a test
    /// can see.
    fn sending(&self, ruby: &Ruby) -> Result<Option<SnowplowOptions>, Error> {
        if let Home::Memory { .. } = &self.home {
            return self.snowplow_options(ruby).map(Some);
        }
        let read = self.read.borrow();
        let data = read.installation.data();
        read.installation.snowplow(&data).map_err(|it| error(ruby, &it))
    }

    /// Milliseconds since 1970, by the clock of the tracker.
    pub(crate) fn now(&self) -> i64 {
        match &self.home {
            Home::Memory { clock, .. } => clock.0.load(Ordering::SeqCst),
            Home::Data(_) => Timestamp::now().as_millisecond(),
        }
    }

    /// Sets the clock of a tracker in memory.
    pub(crate) fn set_now(ruby: &Ruby, this: &Self, now: i64) -> Result<(), Error> {
        let Home::Memory { clock, .. } = &this.home else {
            return Err(error_of(ruby, "only a tracker in memory has a clock to set".to_owned()));
        };
        clock.0.store(now, Ordering::SeqCst);
        Ok(())
    }

    fn day(&self, ruby: &Ruby, day: Option<String>) -> Result<Date, Error> {
        let Some(day) = day else {
            let now = Timestamp::from_millisecond(self.now()).unwrap_or_default();
            return Ok(now.to_zoned(TimeZone::UTC).date());
        };
        day.parse().map_err(|it| error_of(ruby, format!("`{day}` is no date: {it}")))
    }

    fn read_entries(
        &self,
        ruby: &Ruby,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredEntry>, Error> {
        let tracker = self.opened(ruby)?;
        let read = || tracker.read(|it| it.entries(after, limit));
        let entries: Option<Result<Vec<StoredEntry>, store::Error>> = without_gvl(ruby, read)?;
        entries.unwrap_or_else(|| Ok(Vec::new())).map_err(|it| error(ruby, &it))
    }

    /// How events are sent; where they are not, as if a collector had everything by default.
    fn snowplow_options(&self, ruby: &Ruby) -> Result<SnowplowOptions, Error> {
        let read = self.read.borrow();
        let data = read.installation.data();
        let configured = read.installation.snowplow_at_a_look(&data);
        let configured = configured.map_err(|it| error(ruby, &it))?;
        let nowhere = || SnowplowOptions::new("http://127.0.0.1", Salt::new(""));
        Ok(configured.unwrap_or_else(nowhere))
    }
}
