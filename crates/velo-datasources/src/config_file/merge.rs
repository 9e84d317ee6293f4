use super::yaml::Node;

/// `child` over `parent`: mappings are merged key by key, anything else is replaced.
pub(super) fn merged(parent: Node, child: Node) -> Node {
    let (mut entries, own) = match (parent, child) {
        (Node::Mapping(entries), Node::Mapping(own)) => (entries, own),
        (_, child) => return child,
    };
    for (key, value) in own {
        match entries.iter().position(|(known, _)| *known == key) {
            Some(at) => {
                let inherited = std::mem::replace(&mut entries[at].1, Node::Null);
                entries[at].1 = merged(inherited, value);
            }
            None => entries.push((key, value)),
        }
    }
    Node::Mapping(entries)
}
