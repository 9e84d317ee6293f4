use std::io::{self, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use velo_loader::ProgressEvent;

use super::LoadProgressStyle;
use super::board::LoadBoard;
use super::layout::{self, Size};
use super::plain::PlainLines;
use crate::terminal::{self, Terminal};

/// Where progress is shown.
pub(super) enum Screen {
    Bars {
        board: LoadBoard,
        /// Every line is one of its message: drawn in one piece, nothing flickers.
        block: ProgressBar,
        /// When an event has told the time of the load.
        told: Instant,
        color: bool,
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
                board: LoadBoard::default(),
                block: new_block(),
                told: Instant::now(),
                color,
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
        if let Self::Bars {
            board,
            block,
            told,
            color,
        } = self
        {
            board.pass(told.elapsed());
            let size = terminal::stderr_size().map_or_else(Size::default, |(columns, rows)| Size { columns, rows });
            let lines = layout::lines(board, size);
            let rendered: Vec<String> = lines.iter().map(|line| line.render(size.columns, *color)).collect();
            block.set_message(rendered.join("\n"));
        }
    }

    /// Wipes what was drawn.
    pub(super) fn end(&self) {
        if let Self::Bars { block, .. } = self {
            block.finish_and_clear();
        }
    }
}

fn new_block() -> ProgressBar {
    let block = ProgressBar::new_spinner();
    // The template is a constant that indicatif understands.
    block.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    block
}
