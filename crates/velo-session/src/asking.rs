//! Asking sources behind a network, side by side: each takes its time to answer.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Instant;

use velo_data::StreamSchema;
use velo_datasources::SourceConfig;

use crate::waiting::{OnWait, Opened, TICK, Unopened, Wait, WaitCause, open_when_there};

/// Sources that are asked at a time, at most.
const ASKED_AT_ONCE: usize = 16;

/// A source that is to be opened.
#[derive(Debug)]
pub(crate) struct Question {
    /// The source, by its name in the program.
    pub(crate) name: String,
    pub(crate) config: SourceConfig,
    pub(crate) declared: Option<StreamSchema>,
    /// How often it is asked again after an error that may pass.
    pub(crate) retries: u32,
}

impl Question {
    /// Opens the source.
    pub(crate) fn ask(&self, on_wait: &mut OnWait<'_>) -> Answer {
        open_when_there(&self.name, &self.config, self.declared.as_ref(), self.retries, on_wait)
    }
}

/// The source, open, or why it is not.
pub(crate) type Answer = Result<Opened, Unopened>;

/// Opens sources side by side; the answers stand in the order of the questions.
///
/// Those that ask are given up, not waited for, when `on_wait` ends the wait for an answer: a server that accepts a
/// connection and is silent then keeps nobody.
pub(crate) fn ask_side_by_side(questions: Vec<Question>, on_wait: &mut OnWait<'_>) -> Vec<Answer> {
    let began = Instant::now();
    let questions: Arc<[Question]> = questions.into();
    let told = start_asking(&questions);
    let mut answers: Vec<Option<Answer>> = questions.iter().map(|_| None).collect();
    loop {
        match told.recv_timeout(TICK) {
            Ok(Told::Answer(place, answer)) => answers[place] = Some(*answer),
            // Who waits is there until it has been told whether to go on.
            Ok(Told::Wait(wait, go_on)) => drop(go_on.send(on_wait(&wait))),
            Err(RecvTimeoutError::Timeout) => {
                let silent = questions.iter().zip(&answers).find(|(_, answer)| answer.is_none());
                let wait = silent.map(|(question, _)| Wait {
                    source: question.name.clone(),
                    cause: WaitCause::Answer,
                    waited: began.elapsed(),
                });
                if wait.is_some_and(|wait| on_wait(&wait).is_break()) {
                    break;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let given_up = || Err(Unopened::given_up(began.elapsed()));
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(given_up))
        .collect()
}

/// What those who ask tell.
enum Told {
    /// What became of the question at a place.
    Answer(usize, Box<Answer>),
    /// A wait, and who wants to know whether it goes on.
    Wait(Wait, SyncSender<ControlFlow<()>>),
}

/// Starts threads that ask one question after the other until none is left.
fn start_asking(questions: &Arc<[Question]>) -> Receiver<Told> {
    let (tell, told) = channel();
    let next = Arc::new(AtomicUsize::new(0));
    for _ in 0..questions.len().min(ASKED_AT_ONCE) {
        let asker = Asker {
            questions: Arc::clone(questions),
            next: Arc::clone(&next),
            tell: tell.clone(),
        };
        let started: io::Result<_> = thread::Builder::new()
            .name("velo-ask".to_owned())
            .spawn(move || asker.ask_all());
        if started.is_err() {
            break; // The others ask its questions, too.
        }
    }
    told
}

struct Asker {
    questions: Arc<[Question]>,
    /// The first question that nobody has taken.
    next: Arc<AtomicUsize>,
    tell: Sender<Told>,
}

impl Asker {
    fn ask_all(self) {
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = self.questions.get(place) else {
                return;
            };
            let answer = question.ask(&mut |wait| self.wait(wait));
            if self.tell.send(Told::Answer(place, Box::new(answer))).is_err() {
                return; // Nobody waits for the others either.
            }
        }
    }

    /// Whether a wait goes on: that is for the one who wants the answers to say.
    fn wait(&self, wait: &Wait) -> ControlFlow<()> {
        let (go_on, goes_on) = sync_channel(1);
        match self.tell.send(Told::Wait(wait.clone(), go_on)) {
            Ok(()) => goes_on.recv().unwrap_or(ControlFlow::Break(())),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
