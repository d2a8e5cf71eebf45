//! Asks for what no flag said, in the order in which an author thinks about it.
//!
//! Each answer has a default taken from the definitions that exist, so that most questions are
//! answered with Enter. What a flag said is never asked again.

use super::prompter::{Answer, Check, Choices, Line, Prompter};
use internal_events_catalog::{BUILT_IN_PROPERTIES, TimeFrame};
use internal_events_definitions::generate::{
    Existing, Identifier, Lists, Plan, Problem, Request, Unique, check_event_is_usable,
    check_event_name, check_milestone, check_property_name, check_url, existing_event,
    inferred_milestone, key_path, metric_description_end, metric_description_start,
    suggested_categories,
};
use internal_events_definitions::{Analysis, Facts};
use std::rc::Rc;

/// The choices of tiers that occur: who has a tier has all above it.
const TIERS: [&str; 3] = ["free premium ultimate", "premium ultimate", "ultimate"];

/// Asks whether to write what was previewed.
pub(super) fn confirm(prompter: &mut impl Prompter, plan: &Plan) -> Answer<bool> {
    let question = match plan.files.len() {
        1 => "Write this file?".to_owned(),
        n_files => format!("Write these {n_files} files?"),
    };
    prompter.confirm(&question, true)
}

/// A conversation that completes a request.
pub(super) struct Dialogue<'a, P> {
    prompter: &'a mut P,
    known: &'a Rc<Analysis>,
    lists: &'a Lists,
}

impl<'a, P: Prompter> Dialogue<'a, P> {
    pub(super) fn new(prompter: &'a mut P, known: &'a Rc<Analysis>, lists: &'a Lists) -> Self {
        Self { prompter, known, lists }
    }

    /// Asks for everything that is missing.
    pub(super) fn complete(&mut self, request: &mut Request) -> Answer<()> {
        let event = self.event(request)?;
        let is_new =
            existing_event(&event, self.known).is_none() || request.existing == Existing::Replace;
        if is_new {
            self.description(request)?;
            self.identifiers(request)?;
            self.properties(request)?;
        }
        self.unique(request, &event)?;
        self.time_frames(request, &event)?;
        self.metric_description(request, &event)?;
        self.group(request)?;
        self.categories(request)?;
        self.mr(request)?;
        self.milestone(request)?;
        self.tiers(request)
    }

    fn event(&mut self, request: &mut Request) -> Answer<String> {
        if let Some(event) = &request.event {
            return Ok(event.clone());
        }
        let known = Rc::clone(self.known);
        let check: Check = Rc::new(move |text| {
            said(check_event_name(text).and_then(|()| check_event_is_usable(text, &known)))
        });
        let event = self.prompter.line(Line {
            question: "What is the event called?",
            help: "what is done to what, and where: click_save_button_on_wiki_page",
            default: None,
            check,
        })?;
        request.event = Some(event.clone());
        Ok(event)
    }

    fn description(&mut self, request: &mut Request) -> Answer<()> {
        if request.description.is_none() {
            let line = Line {
                question: "What does it mean when this event happens?",
                help: "one sentence a stranger understands",
                default: None,
                check: not_empty("say in a sentence when it happens"),
            };
            request.description = Some(self.prompter.line(line)?);
        }
        Ok(())
    }

    fn identifiers(&mut self, request: &mut Request) -> Answer<()> {
        if request.identifiers.is_none() {
            let all = Identifier::ALL.map(Identifier::as_str);
            let question = "Which objects are known when it happens?";
            let choices =
                Choices { all: all.map(str::to_owned).to_vec(), chosen: &[0, 1, 2], at_least: 0 };
            let chosen = self.prompter.some_of(question, choices)?;
            request.identifiers = Some(pick(&all, &chosen));
        }
        Ok(())
    }

    fn properties(&mut self, request: &mut Request) -> Answer<()> {
        if !request.properties.is_empty() {
            return Ok(());
        }
        let mut question = "Does it carry additional properties?";
        while self.prompter.confirm(question, false)? {
            let name = self.property_name(&request.properties)?;
            let description = self.prompter.line(Line {
                question: &format!("What does `{name}` hold?"),
                help: "one sentence a stranger understands",
                default: None,
                check: not_empty("say what it holds"),
            })?;
            request.properties.push((name, description));
            question = "One more property?";
        }
        Ok(())
    }

    fn property_name(&mut self, taken: &[(String, String)]) -> Answer<String> {
        let names: Vec<String> = taken.iter().map(|(name, _)| name.clone()).collect();
        let mut choices: Vec<String> = BUILT_IN_PROPERTIES.map(str::to_owned).to_vec();
        choices.retain(|it| !names.contains(it));
        let own = choices.len();
        choices.push("a name of your own".to_owned());
        let help = "label and property hold text, value holds a number";
        let idx = self.prompter.one_of("Which property?", help, choices.clone())?;
        if idx < own {
            return Ok(choices.swap_remove(idx));
        }
        let check: Check = Rc::new(move |text| {
            said(check_property_name(text))?;
            if names.iter().any(|it| it == text) {
                Err("it is declared already".to_owned())
            } else {
                Ok(())
            }
        });
        self.prompter.line(Line {
            question: "What is the property called?",
            help: "lower-case letters, digits and underscores",
            default: None,
            check,
        })
    }

    fn unique(&mut self, request: &mut Request, event: &str) -> Answer<()> {
        if request.unique.is_some()
            || request.time_frames.as_ref().is_some_and(|it| it.iter().any(|it| it == "all"))
        {
            return Ok(());
        }
        let (identifiers, properties) = self.carried(request, event);
        let mut choices: Vec<String> =
            [Identifier::User, Identifier::Project, Identifier::Namespace]
                .into_iter()
                .filter(|it| identifiers.iter().any(|given| given == it.as_str()))
                .map(|it| Unique::Identifier(it).to_string())
                .collect();
        choices.extend(properties);
        let mut shown: Vec<String> = choices.iter().map(|it| format!("distinct {it}")).collect();
        shown.push("every occurrence".to_owned());
        let help = "distinct values are counted per week, occurrences also for all time";
        let idx = self.prompter.one_of("What do the metrics count?", help, shown)?;
        request.unique = choices.into_iter().nth(idx);
        Ok(())
    }

    /// What the event carries, be it new or not.
    fn carried(&self, request: &Request, event: &str) -> (Vec<String>, Vec<String>) {
        match existing_event(event, self.known) {
            Some(it) if request.existing != Existing::Replace => {
                (it.identifiers.clone(), it.properties.clone())
            }
            _ => (
                request.identifiers.clone().unwrap_or_default(),
                request.properties.iter().map(|(name, _)| name.clone()).collect(),
            ),
        }
    }

    fn time_frames(&mut self, request: &mut Request, event: &str) -> Answer<()> {
        if request.time_frames.is_some() {
            return Ok(());
        }
        let unique = request.unique.as_deref().map(Unique::parse);
        let mut choices = vec![TimeFrame::SevenDays, TimeFrame::TwentyEightDays];
        if unique.is_none() {
            choices.push(TimeFrame::All);
        }
        let is_free = |it: &TimeFrame| {
            let key_path = key_path(event, unique.as_ref(), *it);
            !self.known.facts.key_paths.contains_key(&key_path)
        };
        if request.existing == Existing::Refuse && choices.iter().any(is_free) {
            choices.retain(is_free);
        }
        let texts: Vec<&str> = choices.iter().map(|it| it.as_str()).collect();
        let shown: Vec<String> = choices.iter().map(|it| period(*it).to_owned()).collect();
        let all: Vec<usize> = (0..shown.len()).collect();
        let question = "Over which time frames? Each becomes a metric";
        let choices = Choices { all: shown, chosen: &all, at_least: 1 };
        let chosen = self.prompter.some_of(question, choices)?;
        request.time_frames = Some(pick(&texts, &chosen));
        Ok(())
    }

    fn metric_description(&mut self, request: &mut Request, event: &str) -> Answer<()> {
        if request.metric_description.is_none() {
            let unique = request.unique.as_deref().map(Unique::parse);
            let first = request.time_frames.iter().flatten().find_map(|it| TimeFrame::parse(it));
            let time_frame = first.unwrap_or(TimeFrame::SevenDays);
            let start = metric_description_start(unique.as_ref(), time_frame);
            request.metric_description = Some(self.prompter.line(Line {
                question: &format!("{start} …"),
                help: "complete the sentence; every time frame gets its own beginning",
                default: Some(&metric_description_end(event, unique.as_ref())),
                check: not_empty("complete the sentence"),
            })?);
        }
        Ok(())
    }

    fn group(&mut self, request: &mut Request) -> Answer<()> {
        if request.group.is_some() {
            return Ok(());
        }
        let mut groups = groups_by_use(&self.known.facts);
        if let Some(listed) = &self.lists.groups {
            // Where there is a list, no other group passes.
            groups.retain(|it| listed.contains(it));
            let others: Vec<_> = listed.iter().filter(|it| !groups.contains(it)).cloned().collect();
            groups.extend(others);
        }
        if !groups.is_empty() {
            let own = groups.len();
            if self.lists.groups.is_none() {
                groups.push("another group".to_owned());
            }
            let help = "type to filter; groups that own most come first";
            let question = "Which product group owns it?";
            let idx = self.prompter.one_of(question, help, groups.clone())?;
            if idx < own {
                request.group = Some(groups.swap_remove(idx));
                return Ok(());
            }
        }
        request.group = Some(self.prompter.line(Line {
            question: "What is the product group called?",
            help: "for example project_management",
            default: None,
            check: not_empty("name the group that owns it"),
        })?);
        Ok(())
    }

    fn categories(&mut self, request: &mut Request) -> Answer<()> {
        if request.categories.is_some() {
            return Ok(());
        }
        let group = request.group.as_deref().unwrap_or_default();
        let mut all = suggested_categories(group, &self.known.facts);
        let chosen: &[usize] = if all.len() == 1 { &[0] } else { &[] };
        let others = self.lists.categories.iter().flatten();
        all.extend(others.filter(|it| !all.contains(it)).cloned().collect::<Vec<_>>());
        // Without a list and a precedent there is nothing to choose from; the flag remains.
        if all.is_empty() {
            return Ok(());
        }
        let at_least = usize::from(self.lists.categories.is_some());
        let question = "Which feature categories does it belong to?";
        let choices = Choices { all: all.clone(), chosen, at_least };
        let picked = self.prompter.some_of(question, choices)?;
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        request.categories = Some(pick(&all, &picked));
        Ok(())
    }

    fn mr(&mut self, request: &mut Request) -> Answer<()> {
        if request.mr.is_none() {
            request.mr = Some(self.prompter.line(Line {
                question: "Which merge request introduces it?",
                help: "its URL",
                default: None,
                check: Rc::new(|text| said(check_url(text))),
            })?);
        }
        Ok(())
    }

    fn milestone(&mut self, request: &mut Request) -> Answer<()> {
        if request.milestone.is_none() {
            let (milestone, reason) =
                inferred_milestone(request.version.as_deref(), &self.known.facts);
            request.milestone = Some(self.prompter.line(Line {
                question: "In which milestone?",
                help: reason,
                default: Some(&milestone),
                check: Rc::new(|text| said(check_milestone(text))),
            })?);
        }
        Ok(())
    }

    fn tiers(&mut self, request: &mut Request) -> Answer<()> {
        if request.tiers.is_none() {
            let help = "without the free tier the files go under ee/";
            let question = "In which tiers is it available?";
            let idx = self.prompter.one_of(question, help, TIERS.map(str::to_owned).to_vec())?;
            let tiers = TIERS.get(idx).copied().unwrap_or(TIERS[0]);
            request.tiers = Some(tiers.split(' ').map(str::to_owned).collect());
        }
        Ok(())
    }
}

fn pick(choices: &[&str], chosen: &[usize]) -> Vec<String> {
    chosen.iter().filter_map(|&it| choices.get(it)).map(|&it| it.to_owned()).collect()
}

fn period(time_frame: TimeFrame) -> &'static str {
    match time_frame {
        TimeFrame::SevenDays => "7d: the last complete week",
        TimeFrame::TwentyEightDays => "28d: the last four complete weeks",
        TimeFrame::All => "all: since counting began",
        TimeFrame::None => "none",
    }
}

fn groups_by_use(facts: &Facts) -> Vec<String> {
    let mut groups: Vec<(&String, &usize)> = facts.product_groups.iter().collect();
    groups.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    groups.into_iter().map(|(name, _)| name.clone()).collect()
}

fn not_empty(message: &'static str) -> Check {
    Rc::new(move |text| if text.is_empty() { Err(message.to_owned()) } else { Ok(()) })
}

/// The words of a problem, in one line under the question.
fn said(res: Result<(), Problem>) -> Result<(), String> {
    res.map_err(|it| match it.help {
        Some(help) => format!("{}: {help}", it.message),
        None => it.message,
    })
}
