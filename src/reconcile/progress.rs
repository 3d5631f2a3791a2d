//! What a run is doing right now. The engine reports; whoever has a terminal draws.

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

/// Where steps are told, if anybody listens.
#[derive(Default)]
pub struct Progress(Option<Listener>);

impl Progress {
    /// Tells each step to `listener`, which must not block.
    pub fn to(listener: impl Fn(Step) + Send + Sync + 'static) -> Progress {
        Progress(Some(Box::new(listener)))
    }

    pub(super) fn tell(&self, step: Step) {
        if let Some(listener) = &self.0 {
            listener(step);
        }
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress")
            .field("is_heard", &self.0.is_some())
            .finish()
    }
}
