//! The table of figures.

/// What was measured so far.
pub(crate) struct Report {
    bars: usize,
    met: usize,
}

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(bar) => figure >= bar,
            Self::AtMost(bar) => figure <= bar,
        }
    }
}

impl Report {
    pub(crate) fn new() -> Self {
        println!("{}", machine());
        println!("{:<62} {:>12}  bar", "", "measured");
        Self { bars: 0, met: 0 }
    }

    /// A figure and what it must be.
    pub(crate) fn bar(&mut self, name: &str, figure: f64, unit: &str, bar: Bar) {
        let is_met = bar.is_met(figure);
        self.bars += 1;
        self.met += usize::from(is_met);
        let (sign, limit) = match bar {
            Bar::AtLeast(limit) => ("≥", limit),
            Bar::AtMost(limit) => ("≤", limit),
        };
        let verdict = if is_met { "" } else { "  MISSED" };
        let limit = text(limit, unit);
        println!("  {name:<60} {:>12}  {sign} {limit}{verdict}", text(figure, unit));
    }

    /// Says how many bars were met.
    pub(crate) fn finish(self) {
        println!("\n{} of {} bars met", self.met, self.bars);
    }
}

/// Begins a group of figures.
pub(crate) fn group(title: &str) {
    println!("\n{title}");
}

/// A figure without a bar.
pub(crate) fn figure(name: &str, figure: f64, unit: &str) {
    println!("  {name:<60} {:>12}", text(figure, unit));
}

fn text(figure: f64, unit: &str) -> String {
    let digits = if figure < 100.0 { 2 } else { 0 };
    format!("{figure:.digits$} {unit}")
}

/// The processor, as the operating system names it.
fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |model| model.trim_matches([' ', '\t', ':']));
    let processors = information.lines().filter(|line| line.starts_with("processor")).count();
    format!("{model}, {processors} logical cores")
}
