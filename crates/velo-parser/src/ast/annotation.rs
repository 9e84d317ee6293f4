use super::Spanned;

/// `-- @name: value`, or one of the legacy head comments, which carry the name of what took their place:
/// `-- SQL Application: x` is `app`, `-- Version: x` is `version`, `-- Author: x` is `author`.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Without the `@`, as written, such as `metric_type` or `deployment.node_id`.
    pub name: Spanned<String>,
    /// The rest of the line without the blanks around it; empty when there is none.
    pub value: Spanned<String>,
}
