use arrow::array::UInt32Array;
use arrow::datatypes::SchemaRef;
use std::collections::VecDeque;
use velo_data::StreamBatch;

use crate::error::{CompileError, OperatorResult};
use crate::event::Event;
use crate::keys::KeyEncoder;

/// Joins the streams of several workers, or partitions, into one.
///
/// The watermark is the lowest of all that are not idle; a barrier passes when all have sent it; the end, when all have ended.
#[derive(Debug)]
pub struct Merge {
    ports: Vec<Port>,
    order: Option<ResultOrder>,
    /// The last watermark that went out.
    watermark_ms: i64,
    /// Whether it has gone out that nothing is expected.
    is_idle: bool,
}

#[derive(Debug)]
struct Port {
    watermark_ms: i64,
    idle: bool,
    ended: bool,
    /// The barrier that it waits at.
    barrier: Option<u64>,
    /// Results since its last watermark, and those before, with the watermark that followed them.
    recent: Vec<StreamBatch>,
    complete: VecDeque<(i64, StreamBatch)>,
}

/// Puts the final results of several workers into the order in which one worker gives them.
///
/// An aggregation sends the results of each window, by key, and then a watermark; results that are followed by the
/// same watermark belong to the same window.
#[derive(Debug)]
pub(crate) struct ResultOrder {
    encoder: KeyEncoder,
    keys: usize,
}

impl ResultOrder {
    /// The order of results whose first `keys` columns are the group keys.
    pub(crate) fn new(schema: &SchemaRef, keys: usize) -> Result<Self, CompileError> {
        let types: Vec<_> = schema.fields()[..keys]
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        Ok(Self {
            encoder: KeyEncoder::rows(&types)?,
            keys,
        })
    }

    /// Rows of the same window as one batch, by key; of equal keys, the first stays first.
    fn sorted(&self, mut batches: Vec<StreamBatch>) -> OperatorResult<Option<StreamBatch>> {
        if batches.len() < 2 {
            return Ok(batches.pop());
        }
        let Some(all) = concat(&batches)? else {
            return Ok(None);
        };
        let encoded = self
            .encoder
            .encode(&all.records.columns()[..self.keys], all.num_rows())?;
        Ok(Some(all.take(&UInt32Array::from(encoded.sorted_rows()))?))
    }
}

impl Merge {
    /// Passes rows on as they come.
    pub fn as_they_come(ports: usize) -> Self {
        Self {
            ports: (0..ports).map(|_| Port::new()).collect(),
            order: None,
            watermark_ms: i64::MIN,
            is_idle: false,
        }
    }

    pub(crate) fn ordered(ports: usize, order: ResultOrder) -> Self {
        Self {
            // One port is in order already.
            order: (ports > 1).then_some(order),
            ..Self::as_they_come(ports)
        }
    }

    /// How far event time has come: the lowest watermark of the ports that have not ended and are not idle. When all of them
    /// are idle none is waited for, so that it is the highest.
    fn reached(&self) -> i64 {
        let open = || self.ports.iter().filter(|port| !port.ended);
        let active = open().filter(|port| !port.idle).map(|port| port.watermark_ms);
        let idle = open().map(|port| port.watermark_ms);
        active.min().or_else(|| idle.max()).unwrap_or(i64::MAX)
    }

    /// Says that nothing is expected, once no port is expected to bring anything.
    fn announce_idle(&mut self, out: &mut Vec<Event>) {
        let mut open = self.ports.iter().filter(|port| !port.ended).peekable();
        let is_idle = open.peek().is_some() && open.all(|port| port.idle);
        if is_idle && !self.is_idle {
            out.push(Event::Idle);
        }
        self.is_idle = is_idle;
    }

    /// Whether every port has ended.
    pub fn is_ended(&self) -> bool {
        self.ports.iter().all(|port| port.ended)
    }

    /// Whether a port has come to a barrier that others have yet to come to: nothing is to be taken from it.
    pub fn waits(&self, port: usize) -> bool {
        self.ports.get(port).is_some_and(|port| port.barrier.is_some())
    }

    /// Takes in an event of a port that does not wait, and returns what may go on.
    ///
    /// # Errors
    ///
    /// When batches of different ports cannot be joined.
    pub fn push(&mut self, port: usize, event: Event) -> OperatorResult<Vec<Event>> {
        let mut out = Vec::new();
        let Some(port) = self.ports.get_mut(port) else {
            return Ok(out);
        };
        match event {
            Event::Batch(batch) => {
                port.idle = false;
                self.is_idle = false;
                if self.order.is_some() {
                    port.recent.push(batch);
                } else {
                    out.push(Event::Batch(batch));
                }
            }
            Event::Watermark(watermark_ms) => {
                port.idle = false;
                self.is_idle = false;
                port.advance(watermark_ms);
                self.advance(&mut out)?;
            }
            Event::Idle => {
                port.idle = true;
                self.advance(&mut out)?;
                self.announce_idle(&mut out);
            }
            Event::Barrier(number) => {
                port.barrier = Some(number);
                self.pass_barrier(&mut out)?;
            }
            Event::End => {
                port.advance(i64::MAX);
                port.ended = true;
                self.advance(&mut out)?;
                self.announce_idle(&mut out);
                self.pass_barrier(&mut out)?;
                if self.is_ended() {
                    out.push(Event::End);
                }
            }
        }
        Ok(out)
    }

    /// Sends out what the watermarks of all ports allow.
    fn advance(&mut self, out: &mut Vec<Event>) -> OperatorResult {
        let reached = self.reached();
        if reached <= self.watermark_ms {
            return Ok(());
        }
        self.watermark_ms = reached;
        self.release(reached, out)?;
        if reached < i64::MAX {
            out.push(Event::Watermark(reached));
        }
        Ok(())
    }

    fn release(&mut self, watermark_ms: i64, out: &mut Vec<Event>) -> OperatorResult {
        let Some(order) = &self.order else {
            return Ok(());
        };
        loop {
            let next = self
                .ports
                .iter()
                .filter_map(|port| port.complete.front())
                .map(|(tag, _)| *tag)
                .min();
            let Some(next) = next.filter(|next| *next <= watermark_ms) else {
                return Ok(());
            };
            let of_window = self.ports.iter_mut().flat_map(|port| port.take_tagged(next)).collect();
            out.extend(order.sorted(of_window)?.map(Event::Batch));
            // As one worker does, so that what belongs together can be told apart behind it too.
            if next < self.watermark_ms {
                out.push(Event::Watermark(next));
            }
        }
    }

    fn pass_barrier(&mut self, out: &mut Vec<Event>) -> OperatorResult {
        let waits = |port: &Port| port.ended || port.barrier.is_some();
        let number = self.ports.iter().find_map(|port| port.barrier);
        let Some(number) = number.filter(|_| self.ports.iter().all(waits)) else {
            return Ok(());
        };
        // What came before the barrier goes out before it, since buffers of a merge are in no snapshot.
        self.ports.iter_mut().for_each(|port| port.advance(port.watermark_ms));
        self.release(i64::MAX, out)?;
        out.push(Event::Barrier(number));
        self.ports.iter_mut().for_each(|port| port.barrier = None);
        Ok(())
    }
}

impl Port {
    fn new() -> Self {
        Self {
            watermark_ms: i64::MIN,
            idle: false,
            ended: false,
            barrier: None,
            recent: Vec::new(),
            complete: VecDeque::new(),
        }
    }

    fn advance(&mut self, watermark_ms: i64) {
        self.watermark_ms = self.watermark_ms.max(watermark_ms);
        self.complete
            .extend(self.recent.drain(..).map(|batch| (watermark_ms, batch)));
    }

    fn take_tagged(&mut self, tag: i64) -> Vec<StreamBatch> {
        let count = self.complete.iter().take_while(|(other, _)| *other == tag).count();
        self.complete.drain(..count).map(|(_, batch)| batch).collect()
    }
}

/// Batches of one schema as one.
fn concat(batches: &[StreamBatch]) -> OperatorResult<Option<StreamBatch>> {
    let Some(first) = batches.first() else {
        return Ok(None);
    };
    let records = arrow::compute::concat_batches(&first.records.schema(), batches.iter().map(|batch| &batch.records))?;
    let kinds = batches.iter().any(|batch| batch.kinds.is_some()).then(|| {
        let kinds = batches
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).map(|row| batch.kind(row)));
        kinds.collect()
    });
    Ok(Some(StreamBatch { records, kinds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events as one word each: `w` watermark, `i` idle, `b` barrier, `e` end.
    fn check(steps: &[(usize, Event)], expected: &[&str]) {
        let mut merge = Merge::as_they_come(2);
        let mut seen = Vec::new();
        for (port, event) in steps {
            assert!(!merge.waits(*port), "nothing is taken from a port that waits");
            for event in merge.push(*port, event.clone()).unwrap() {
                seen.push(match event {
                    Event::Watermark(time) => format!("w{time}"),
                    Event::Idle => "i".to_owned(),
                    Event::Barrier(number) => format!("b{number}"),
                    Event::End => "e".to_owned(),
                    Event::Batch(batch) => format!("{} rows", batch.num_rows()),
                });
            }
        }
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_watermark_is_the_lowest() {
        check(
            &[
                (0, Event::Watermark(5)),
                (1, Event::Watermark(3)),
                (1, Event::Watermark(9)),
                (0, Event::End),
                (1, Event::End),
            ],
            &["w3", "w5", "w9", "e"],
        );
    }

    #[test]
    fn an_idle_port_holds_nothing_back() {
        check(
            &[
                (0, Event::Watermark(5)),
                (1, Event::Watermark(3)),
                (1, Event::Idle),
                (0, Event::Watermark(9)),
                // What wakes up counts again, and takes nothing back.
                (1, Event::Watermark(4)),
                (0, Event::Watermark(12)),
                (1, Event::Watermark(10)),
                // With all of them idle, the one that has come farthest counts.
                (0, Event::Idle),
                (1, Event::Idle),
                (1, Event::Idle),
                (1, Event::Watermark(11)),
                (1, Event::Idle),
                (1, Event::End),
                (0, Event::End),
            ],
            &["w3", "w5", "w9", "w10", "w12", "i", "i", "e"],
        );
    }

    #[test]
    fn a_port_waits_at_a_barrier_for_the_others() {
        let mut merge = Merge::as_they_come(3);
        let number = |events: Vec<Event>| matches!(events.as_slice(), [Event::Barrier(7)]);
        merge.push(2, Event::End).unwrap();
        assert!(!number(merge.push(0, Event::Barrier(7)).unwrap()));
        assert_eq!([0, 1].map(|port| merge.waits(port)), [true, false]);
        assert!(
            number(merge.push(1, Event::Barrier(7)).unwrap()),
            "a port that has ended sends none"
        );
        assert_eq!([0, 1].map(|port| merge.waits(port)), [false, false]);
    }
}
