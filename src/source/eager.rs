//! A future that yields far too often.

use std::pin::pin;
use std::task::Poll;

/// How often it is polled in a row. More would cost each wait for the network as many idle polls.
const STRIDE: usize = 16;

/// Runs a future that yields between pieces of work of a microsecond, several pieces at a time.
///
/// A connection to PostgreSQL proves its password by 4,096 hashes (SCRAM), and sqlx yields after every fifth. Each
/// time, the runtime asks the kernel for news: eight hundred system calls, a tenth of a run with nothing to do.
pub(super) async fn eager<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        for _ in 1..STRIDE {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
        }
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn what_yields_often_is_polled_seldom_and_comes_to_its_end() {
        let mut n_yields = 0;
        let yielding = std::future::poll_fn(|context| {
            n_yields += 1;
            context.waker().wake_by_ref();
            if n_yields <= 100 {
                Poll::Pending
            } else {
                Poll::Ready("done")
            }
        });
        let mut future = pin!(eager(yielding));
        let mut context = Context::from_waker(Waker::noop());
        let mut polls = std::iter::repeat_with(|| future.as_mut().poll(&mut context));
        let n_idle = polls.by_ref().take_while(Poll::is_pending).count();
        assert_eq!(n_idle, 100 / STRIDE);
    }
}
