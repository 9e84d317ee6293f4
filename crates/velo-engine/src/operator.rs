use velo_data::{StreamBatch, StreamSchema};
use velo_state::OperatorState;

use crate::error::OperatorResult;
use crate::event::Output;
use crate::keys::KeyGroups;

/// One step of a running statement: a state machine with no clock, no I/O and no randomness of its own, so that the
/// same events give the same rows.
///
/// The defaults are right for an operator that holds nothing back and remembers nothing. One that holds rows back holds
/// back the watermark too: none may go out that is later than the event time of a row that is still to come out, so that
/// nobody behind it takes that row for late.
pub trait Operator: Send {
    /// Name in errors and metrics, such as `tumbling_window`.
    fn name(&self) -> &'static str;

    /// Schema of every batch passed to [`Output::emit`].
    fn schema(&self) -> &StreamSchema;

    /// Takes in rows and emits whatever they complete.
    ///
    /// # Errors
    ///
    /// An error ends the job. Rows that merely fail go to [`Output::reject`].
    fn on_batch(&mut self, batch: StreamBatch, out: &mut Output) -> OperatorResult;

    /// Learns that nothing with an event time before `watermark_ms` will follow; watermarks never go back.
    ///
    /// Whatever keeps rows for later, or gives them another event time, does not hand it on as it is.
    ///
    /// # Errors
    ///
    /// As [`Operator::on_batch`].
    fn on_watermark(&mut self, watermark_ms: i64, out: &mut Output) -> OperatorResult {
        out.forward(watermark_ms);
        Ok(())
    }

    /// Learns that the input has ended, and emits whatever waited for more.
    ///
    /// # Errors
    ///
    /// As [`Operator::on_batch`].
    fn on_end(&mut self, _out: &mut Output) -> OperatorResult {
        Ok(())
    }

    /// Goes on with what the last call held back ([`Output::hold_more`]), so that however much comes out at one moment, little of
    /// it is in memory.
    ///
    /// # Errors
    ///
    /// As [`Operator::on_batch`].
    fn resume(&mut self, _out: &mut Output) -> OperatorResult {
        Ok(())
    }

    /// Everything that must survive a restart, by key group.
    ///
    /// # Errors
    ///
    /// When the state has no Arrow form; that ends the job.
    fn snapshot(&mut self) -> OperatorResult<OperatorState> {
        Ok(OperatorState::default())
    }

    /// Takes over the `owned` key groups of a snapshot. Called once, before anything else.
    ///
    /// # Errors
    ///
    /// When the snapshot belongs to another operator.
    fn restore(&mut self, _state: &OperatorState, _owned: &KeyGroups) -> OperatorResult {
        Ok(())
    }
}
