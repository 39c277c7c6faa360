//! How large the values are at most that a predicate computes, found before it is evaluated.
//!
//! `+` and `map` can make values that are much larger than the record: a long text for each of many elements. Sizes are
//! estimated from above, so that no evaluation takes memory or time out of proportion.

use super::work::Weight;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};

/// The size of a value without texts or elements.
const PLAIN: u64 = 16;

/// Calls that give true, false or an element, and look at little of their arguments.
const CHEAP: [&str; 13] = [
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NOT_STRICTLY_FALSE,
    "size",
    "has",
    operators::NEGATE,
];

/// What an expression computes at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Computed {
    /// The size of its result.
    result: u64,
    /// The size of the largest value that it computes on the way.
    pub(super) largest: u64,
    /// The size of all values that it computes or searches.
    pub(super) work: u64,
}

impl Computed {
    fn known(size: u64) -> Computed {
        Computed {
            result: size,
            ..Computed::default()
        }
    }

    /// Both, and a result of both sizes together.
    fn and(self, other: Computed) -> Computed {
        Computed {
            result: self.result.saturating_add(other.result),
            largest: self.largest.max(other.largest),
            work: self.work.saturating_add(other.work),
        }
    }

    /// Computes a value of the size of the result.
    fn made(self) -> Computed {
        Computed {
            largest: self.largest.max(self.result),
            work: self.work.saturating_add(self.result),
            ..self
        }
    }

    fn with_result(self, result: u64) -> Computed {
        Computed { result, ..self }
    }
}

/// Sizes of the variables of an expression.
pub(super) struct Sizes<'e> {
    /// Of the variables of the mapping, by name.
    pub(super) known: Vec<(&'e str, Weight)>,
    /// Elements of the longest list or object of them.
    pub(super) longest: u64,
    /// Of the variables of the loops around the expression.
    loops: Vec<(&'e str, u64)>,
}

impl<'e> Sizes<'e> {
    pub(super) fn new(known: Vec<(&'e str, Weight)>, longest: u64) -> Sizes<'e> {
        Sizes {
            known,
            longest,
            loops: Vec::new(),
        }
    }

    /// What an expression computes at most.
    pub(super) fn of(&mut self, expression: &'e Expr) -> Computed {
        match expression {
            Expr::Ident(name) => Computed::known(self.variable(name)),
            Expr::Literal(literal) => Computed::known(literal_size(literal)),
            Expr::Select(select) => self.of(&select.operand.expr),
            Expr::Call(call) => {
                let target = call.target.iter().map(|target| &target.expr);
                let parts = target.chain(call.args.iter().map(|part| &part.expr));
                let whole = self.sum(parts);
                match call.func_name.as_str() {
                    operators::CONDITIONAL | operators::INDEX => whole,
                    operators::OPT_INDEX | operators::OPT_SELECT => whole.made(),
                    name if CHEAP.contains(&name) => whole.with_result(PLAIN),
                    operators::ADD => whole.made(),
                    // Searching: `contains`, `matches` and the like. The result may be a text.
                    _ => whole.made(),
                }
            }
            Expr::List(list) => self.sum(list.elements.iter().map(|part| &part.expr)).made(),
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr)),
            Expr::Struct(of) => self.entries(of.entries.iter().map(|entry| &entry.expr)),
            Expr::Comprehension(all) => self.comprehension(all),
            Expr::Unspecified => Computed::default(),
        }
    }

    fn variable(&self, name: &str) -> u64 {
        if let Some((_, size)) = self.loops.iter().rev().find(|(known, _)| *known == name) {
            return *size;
        }
        let known = self.known.iter().find(|(known, _)| *known == name);
        known.map_or(PLAIN, |(_, weight)| weight.work.max(PLAIN))
    }

    fn sum(&mut self, parts: impl Iterator<Item = &'e Expr>) -> Computed {
        parts.fold(Computed::default(), |whole, part| whole.and(self.of(part)))
    }

    fn entries(&mut self, entries: impl Iterator<Item = &'e EntryExpr>) -> Computed {
        let start = Computed::known(PLAIN);
        let whole = entries.fold(start, |whole, entry| match entry {
            EntryExpr::MapEntry(entry) => {
                let key = self.of(&entry.key.expr);
                whole.and(key).and(self.of(&entry.value.expr))
            }
            EntryExpr::StructField(field) => whole.and(self.of(&field.value.expr)),
        });
        whole.made()
    }

    /// All elements together are as large as the list. So a step is evaluated for elements without size, as often as there
    /// are elements, and once for all elements as one.
    fn comprehension(&mut self, all: &'e ComprehensionExpr) -> Computed {
        let range = self.of(&all.iter_range.expr);
        let start = self.of(&all.accu_init.expr);
        let times = (range.result / PLAIN)
            .min(self.elements(&all.iter_range.expr))
            .max(1);
        let fixed = self.step(all, 0);
        let whole = self.step(all, range.result);
        let all_of = |fixed: u64, whole: u64| {
            let of_elements = whole.saturating_sub(fixed);
            fixed.saturating_mul(times).saturating_add(of_elements)
        };
        let collected = all_of(fixed.result, whole.result).saturating_add(start.result);
        let looped = Computed {
            result: collected,
            largest: whole.largest.max(collected),
            work: all_of(fixed.work, whole.work),
        };
        self.loops.push((&all.accu_var, collected));
        let result = self.of(&all.result.expr);
        self.loops.pop();
        range
            .and(start)
            .and(looped)
            .and(result)
            .with_result(result.result)
    }

    /// One step of a loop. What the steps before have collected is appended to, not copied.
    fn step(&mut self, all: &'e ComprehensionExpr, element: u64) -> Computed {
        let depth = self.loops.len();
        self.loops.push((&all.accu_var, 0));
        self.loops.push((&all.iter_var, element));
        if let Some(second) = &all.iter_var2 {
            self.loops.push((second, element));
        }
        let step = self
            .of(&all.loop_cond.expr)
            .with_result(0)
            .and(self.of(&all.loop_step.expr));
        self.loops.truncate(depth);
        step
    }

    /// How many elements a list has at most.
    fn elements(&self, list: &Expr) -> u64 {
        match list {
            Expr::List(list) => self.longest.max(list.elements.len() as u64),
            Expr::Map(map) => self.longest.max(map.entries.len() as u64),
            Expr::Comprehension(all) => self.elements(&all.iter_range.expr),
            Expr::Call(call) => {
                let target = call.target.iter().map(|target| &target.expr);
                let parts = target.chain(call.args.iter().map(|part| &part.expr));
                parts.fold(0, |sum, part| sum.saturating_add(self.elements(part)))
            }
            _ => self.longest,
        }
    }
}

fn literal_size(literal: &LiteralValue) -> u64 {
    match literal {
        LiteralValue::String(text) => PLAIN + text.inner().len() as u64,
        LiteralValue::Bytes(bytes) => PLAIN + bytes.inner().len() as u64,
        _ => PLAIN,
    }
}
