//! The loop: looks each second, takes keys in, draws, and leaves the terminal as it was.

use super::draw::{draw, last_line};
use super::limits::Limits;
use super::model::{Model, Then};
use super::snapshot::Snapshot;
use super::source::Source;
use super::why::Explainer;
use super::{explain, see};
use crate::interruption;
use anyhow::Context as _;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::time::Instant;

/// Shows a source until somebody quits.
pub(super) fn run(
    source: Box<dyn Source>,
    mut model: Model,
    mut explainer: Explainer,
) -> anyhow::Result<()> {
    let is_told_to_end = interruption::noted()?;
    let mut looks = Looks::start(source);
    let mut screen = Screen::open()?;
    let mut is_changed = true;
    while !is_told_to_end.load(Ordering::Relaxed) {
        if !model.is_paused {
            looks.ask();
        }
        is_changed |= looks.take_in(&mut model, &mut explainer)?;
        if is_changed {
            explain(&mut model, &explainer);
            screen.draw(&mut model).context("cannot draw on the terminal")?;
            is_changed = false;
        }
        if event::poll(Limits::DEFAULT.tick).context("cannot read keys")? {
            is_changed = true;
            let is_over = match event::read().context("cannot read keys")? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    model.press(key) == Then::Quit
                }
                _ => false,
            };
            if is_over {
                break;
            }
        }
    }
    Ok(())
}

/// The terminal while it is ours; also where a panic ends it, for which a hook stands ready.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> anyhow::Result<Self> {
        ratatui::try_init().map(Self).context("cannot take over the terminal")
    }

    fn draw(&mut self, model: &mut Model) -> io::Result<()> {
        self.0.autoresize()?;
        let area = self.0.get_frame().area();
        model.scroll_at_most(last_line(model, area));
        self.0.draw(|frame| draw(frame, model)).map(drop)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // If this fails there is no terminal any more that could be left as it was.
        let _ = ratatui::try_restore();
    }
}

/// Looks in a thread of their own, so that a slow server holds up no key.
struct Looks {
    questions: SyncSender<()>,
    answers: Receiver<anyhow::Result<Snapshot>>,
    is_waiting: bool,
    asked_at: Option<Instant>,
}

impl Looks {
    fn start(mut source: Box<dyn Source>) -> Self {
        let (questions, asked) = mpsc::sync_channel(1);
        let (found, answers) = mpsc::sync_channel(1);
        // It ends when nobody asks any more; a look on its way does not hold up the end.
        std::thread::spawn(move || {
            while asked.recv().is_ok() {
                if found.send(source.look()).is_err() {
                    break;
                }
            }
        });
        Self { questions, answers, is_waiting: false, asked_at: None }
    }

    /// Asks for the next look, if it is time and none is on its way.
    fn ask(&mut self) {
        let refresh = Limits::DEFAULT.refresh;
        let is_due = self.asked_at.is_none_or(|it| it.elapsed() >= refresh);
        if is_due && !self.is_waiting {
            self.is_waiting = self.questions.send(()).is_ok();
            self.asked_at = Some(Instant::now());
        }
    }

    /// Takes in what was found meanwhile, and says whether there was anything.
    fn take_in(&mut self, model: &mut Model, explainer: &mut Explainer) -> anyhow::Result<bool> {
        match self.answers.try_recv() {
            Ok(look) => {
                self.is_waiting = false;
                match look {
                    Ok(snapshot) => see(model, explainer, snapshot),
                    Err(error) => model.fail(format!("{error:#}")),
                }
                Ok(true)
            }
            Err(TryRecvError::Empty) => Ok(false),
            Err(TryRecvError::Disconnected) => anyhow::bail!("the thread that looks has ended"),
        }
    }
}
