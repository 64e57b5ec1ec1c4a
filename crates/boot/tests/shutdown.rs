//! Real signals, sent to this very process: one test alone in its program.

use boot::shutdown::Shutdown;
use nix::sys::signal::{Signal, raise};

#[tokio::test]
async fn the_first_signal_stops_the_second_ends_and_a_hang_up_does_nothing() {
    let shutdown = Shutdown::on_signals().unwrap();

    raise(Signal::SIGHUP).unwrap();
    raise(Signal::SIGTERM).unwrap();
    shutdown.token().cancelled().await;
    assert!(!shutdown.at_once().is_cancelled());

    raise(Signal::SIGINT).unwrap();
    shutdown.at_once().cancelled().await;
}
