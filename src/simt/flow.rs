//! Where lanes that took different ways come together again: immediate post-dominators of the control flow graph.

/// For each node the immediate post-dominator, given each node's successors; the last node is the exit. Nodes that cannot reach the exit
/// get the exit. By the iterative algorithm of Cooper, Harvey and Kennedy on the reversed graph.
pub(crate) fn post_dominators(successors: &[Vec<usize>]) -> Vec<usize> {
    let count = successors.len();
    let exit = count - 1;
    let mut predecessors = vec![Vec::new(); count];
    for (node, next) in successors.iter().enumerate() {
        for &n in next {
            predecessors[n].push(node);
        }
    }
    // Post-order of the reversed graph, from the exit.
    let mut order = Vec::with_capacity(count);
    let mut number = vec![usize::MAX; count];
    let mut seen = vec![false; count];
    let mut stack = vec![(exit, 0)];
    seen[exit] = true;
    while let Some((node, next)) = stack.last_mut() {
        if let Some(&p) = predecessors[*node].get(*next) {
            *next += 1;
            if !seen[p] {
                seen[p] = true;
                stack.push((p, 0));
            }
        } else {
            number[*node] = order.len();
            order.push(*node);
            stack.pop();
        }
    }
    let mut dominator = vec![usize::MAX; count];
    dominator[exit] = exit;
    let mut changed = true;
    while changed {
        changed = false;
        for &node in order.iter().rev().skip(1) {
            let mut new = usize::MAX;
            for &s in &successors[node] {
                if dominator[s] == usize::MAX {
                    continue;
                }
                new = if new == usize::MAX { s } else { meet(&dominator, &number, new, s) };
            }
            if new != dominator[node] {
                dominator[node] = new;
                changed = true;
            }
        }
    }
    for d in &mut dominator {
        if *d == usize::MAX {
            *d = exit;
        }
    }
    dominator
}

fn meet(dominator: &[usize], number: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while number[a] < number[b] {
            a = dominator[a];
        }
        while number[b] < number[a] {
            b = dominator[b];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::post_dominators;

    #[test]
    fn diamonds_and_loops() {
        // 0 → 1 | 2 → 3; 3 → 0 | 4
        assert_eq!(post_dominators(&[vec![1, 2], vec![3], vec![3], vec![0, 4], vec![]]), [3, 3, 3, 4, 4]);
        // 1 loops for ever.
        assert_eq!(post_dominators(&[vec![1, 2], vec![1], vec![]]), [2, 2, 2]);
    }
}
