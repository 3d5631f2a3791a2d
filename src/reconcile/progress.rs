//! What a run is doing right now, and the wish that it ends early. The engine reports; whoever has a terminal
//! draws, and whoever has to end asks.

use tokio_util::sync::CancellationToken;

/// A step of a run that may take a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The employee table is read.
    ReadingSource,
    /// The platform's users are read.
    Listing,
    /// A request of the plan is sent.
    Sending {
        /// The how many-th, from 1.
        request: usize,
        /// Requests of the plan.
        of: usize,
    },
    /// Changed users are read back.
    Confirming {
        /// How many.
        users: usize,
    },
}

type Listener = Box<dyn Fn(Step) + Send + Sync>;

/// Where steps are told, if anybody listens; and where a run learns that it is to end early.
#[derive(Default)]
pub struct Progress {
    listener: Option<Listener>,
    halt: CancellationToken,
}

impl Progress {
    /// Tells each step to `listener`, which must not block.
    pub fn to(listener: impl Fn(Step) + Send + Sync + 'static) -> Progress {
        Progress {
            listener: Some(Box::new(listener)),
            halt: CancellationToken::new(),
        }
    }

    /// Lets the run end after the request in flight, as soon as `halt` is cancelled.
    #[must_use]
    pub fn until(self, halt: CancellationToken) -> Progress {
        Progress { halt, ..self }
    }

    pub(super) fn halt(&self) -> CancellationToken {
        self.halt.clone()
    }

    pub(super) fn tell(&self, step: Step) {
        if let Some(listener) = &self.listener {
            listener(step);
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress")
            .field("is_heard", &self.listener.is_some())
            .field("is_halted", &self.halt.is_cancelled())
            .finish()
    }
}
