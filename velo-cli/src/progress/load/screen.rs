use std::io::{self, Stderr, Write};
use std::time::Instant;

use velo_loader::ProgressEvent;

use super::LoadProgressStyle;
use super::board::LoadBoard;
use super::canvas::Canvas;
use super::layout::{self, Size};
use super::plain::PlainLines;
use crate::terminal::{self, Terminal};

/// Where progress is shown.
pub(super) enum Screen {
    Bars {
        board: Box<LoadBoard>,
        canvas: Canvas<Stderr>,
        /// When an event has told the time of the load.
        told: Instant,
    },
    Lines {
        lines: PlainLines,
        color: bool,
    },
    Json,
}

impl Screen {
    /// `None` when nothing is to be shown.
    pub(super) fn of(style: LoadProgressStyle, terminal: Terminal) -> Option<Self> {
        let color = terminal.stderr.style.color;
        match style {
            LoadProgressStyle::Bars => Some(Self::Bars {
                board: Box::default(),
                canvas: Canvas::new(io::stderr(), color),
                told: Instant::now(),
            }),
            LoadProgressStyle::Lines => Some(Self::Lines {
                lines: PlainLines::default(),
                color,
            }),
            LoadProgressStyle::Json => Some(Self::Json),
            LoadProgressStyle::Quiet => None,
        }
    }

    /// Takes note of an event; what is printed line by line is printed at once.
    pub(super) fn hear(&mut self, event: ProgressEvent) {
        // Where nobody reads any more, the load goes on all the same.
        match self {
            Self::Bars { board, told, .. } => {
                if matches!(
                    event,
                    ProgressEvent::InitialSnapshot { .. } | ProgressEvent::SummaryUpdate(_)
                ) {
                    *told = Instant::now();
                }
                board.hear(event);
            }
            Self::Lines { lines, color } => {
                if let Some(line) = lines.line(&event) {
                    let _ = writeln!(io::stderr(), "{}", line.render(usize::MAX, *color));
                }
            }
            Self::Json => {
                if let Ok(json) = serde_json::to_string(&event) {
                    let _ = writeln!(io::stdout(), "{json}");
                }
            }
        }
    }

    /// Draws how things are now.
    pub(super) fn draw(&mut self) {
        if let Self::Bars { board, canvas, told } = self {
            board.pass(told.elapsed());
            let size = terminal_size();
            let _ = canvas.draw(&layout::lines(board, size), size.columns);
        }
    }

    /// Wipes what was drawn.
    pub(super) fn end(&mut self) {
        if let Self::Bars { canvas, .. } = self {
            let _ = canvas.wipe(terminal_size().columns);
        }
    }
}

fn terminal_size() -> Size {
    terminal::stderr_size().map_or_else(Size::default, |(columns, rows)| Size { columns, rows })
}
