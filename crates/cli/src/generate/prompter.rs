//! Questions, and the terminal that answers them.

use inquire::list_option::ListOption;
use inquire::validator::{ErrorMessage, Validation};
use inquire::{Confirm, InquireError, MultiSelect, Select, Text};
use std::rc::Rc;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// The user pressed Ctrl-C or Escape.
    ByUser,
    /// The terminal failed.
    Terminal(anyhow::Error),
}

impl From<InquireError> for Stop {
    fn from(err: InquireError) -> Self {
        match err {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::ByUser,
            err => Self::Terminal(err.into()),
        }
    }
}

pub(super) type Answer<T> = Result<T, Stop>;

/// Says what is wrong with an answer; the question is then asked again.
pub(super) type Check = Rc<dyn Fn(&str) -> Result<(), String>>;

/// A question that is answered with a line of text.
pub(super) struct Line<'a> {
    pub(super) question: &'a str,
    pub(super) help: &'a str,
    /// Taken when the user types nothing.
    pub(super) default: Option<&'a str>,
    pub(super) check: Check,
}

/// What to choose from.
pub(super) struct Choices<'a> {
    pub(super) all: Vec<String>,
    /// Chosen already.
    pub(super) chosen: &'a [usize],
    pub(super) at_least: usize,
}

/// Asks one question at a time.
pub(super) trait Prompter {
    /// Asks for a line of text.
    fn line(&mut self, line: Line<'_>) -> Answer<String>;

    /// Asks for one of several; the answer is its index.
    fn one_of(&mut self, question: &str, help: &str, choices: Vec<String>) -> Answer<usize>;

    /// Asks for some of several; the answer is their indices.
    fn some_of(&mut self, question: &str, choices: Choices<'_>) -> Answer<Vec<usize>>;

    /// Asks yes or no; Enter alone means `default`.
    fn confirm(&mut self, question: &str, default: bool) -> Answer<bool>;
}

/// The terminal.
///
/// Questions go to standard error, so that standard output holds the result alone.
pub(super) struct Inquire(());

impl Inquire {
    pub(super) fn new() -> Self {
        Self(())
    }
}

impl Prompter for Inquire {
    fn line(&mut self, line: Line<'_>) -> Answer<String> {
        let check = line.check;
        let validator = move |text: &str| {
            Ok(match check(text.trim()) {
                Ok(()) => Validation::Valid,
                Err(message) => Validation::Invalid(ErrorMessage::Custom(message)),
            })
        };
        let mut prompt =
            Text::new(line.question).with_help_message(line.help).with_validator(validator);
        if let Some(default) = line.default {
            prompt = prompt.with_default(default);
        }
        Ok(prompt.prompt()?.trim().to_owned())
    }

    fn one_of(&mut self, question: &str, help: &str, choices: Vec<String>) -> Answer<usize> {
        let prompt = Select::new(question, choices).with_help_message(help);
        Ok(prompt.raw_prompt()?.index)
    }

    fn some_of(&mut self, question: &str, choices: Choices<'_>) -> Answer<Vec<usize>> {
        let Choices { all, chosen, at_least } = choices;
        let validator = move |chosen: &[ListOption<&String>]| {
            Ok(if chosen.len() >= at_least {
                Validation::Valid
            } else {
                Validation::Invalid(ErrorMessage::Custom(format!("choose at least {at_least}")))
            })
        };
        let prompt = MultiSelect::new(question, all)
            .with_default(chosen)
            .with_validator(validator)
            .with_help_message("space to choose, enter to confirm, type to filter");
        Ok(prompt.raw_prompt()?.into_iter().map(|it| it.index).collect())
    }

    fn confirm(&mut self, question: &str, default: bool) -> Answer<bool> {
        Ok(Confirm::new(question).with_default(default).prompt()?)
    }
}
