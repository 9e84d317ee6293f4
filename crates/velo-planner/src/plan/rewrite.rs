use super::{Aggregate, Distinct, DropUpdateBefore, Filter, Limit, LogicalPlan, Lookup, Project, Sort, Union};

impl LogicalPlan {
    /// The same node with other inputs, one for each it has.
    #[must_use]
    pub fn map_input(self, map: &mut dyn FnMut(Self) -> Self) -> Self {
        if let Self::Union(node) = self {
            return Self::Union(Union {
                inputs: node.inputs.into_iter().map(map).collect(),
                ..node
            });
        }
        let mut boxed = |input: Box<Self>| Box::new(map(*input));
        match self {
            Self::Scan(_) | Self::Values(_) | Self::Union(_) => self,
            Self::Filter(node) => Self::Filter(Filter {
                input: boxed(node.input),
                ..node
            }),
            Self::Project(node) => Self::Project(Project {
                input: boxed(node.input),
                ..node
            }),
            Self::Lookup(node) => Self::Lookup(Lookup {
                input: boxed(node.input),
                ..node
            }),
            Self::Aggregate(node) => Self::Aggregate(Aggregate {
                input: boxed(node.input),
                ..node
            }),
            Self::Distinct(node) => Self::Distinct(Distinct {
                input: boxed(node.input),
            }),
            Self::Sort(node) => Self::Sort(Sort {
                input: boxed(node.input),
                ..node
            }),
            Self::Limit(node) => Self::Limit(Limit {
                input: boxed(node.input),
                ..node
            }),
            Self::DropUpdateBefore(node) => Self::DropUpdateBefore(DropUpdateBefore {
                input: boxed(node.input),
            }),
        }
    }
}
