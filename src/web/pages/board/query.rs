//! What of the board is asked for: order and filter, as they stand in its address. The script in `static/script.js` does the
//! same in the browser; the browser tests hold one against the other.

use super::row::Row;
use crate::web::pages::words;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What rows are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web::pages) enum Sort {
    Attention,
    Name,
    Class,
    Deviation,
    Frequency,
    Executor,
    Recommendation,
    Drift,
}

impl Sort {
    const ALL: [Sort; 8] = [
        Sort::Attention,
        Sort::Name,
        Sort::Class,
        Sort::Deviation,
        Sort::Frequency,
        Sort::Executor,
        Sort::Recommendation,
        Sort::Drift,
    ];

    pub(in crate::web::pages) const fn word(self) -> &'static str {
        match self {
            Sort::Attention => "attention",
            Sort::Name => "name",
            Sort::Class => "class",
            Sort::Deviation => "deviation",
            Sort::Frequency => "frequency",
            Sort::Executor => "executor",
            Sort::Recommendation => "recommendation",
            Sort::Drift => "drift",
        }
    }
}

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web::pages) enum Show {
    All,
    Outside,
    Undetermined,
    Within,
    NoTolerance,
    Drifting,
}

impl Show {
    pub(super) const ALL: [Show; 6] = [
        Show::All,
        Show::Outside,
        Show::Undetermined,
        Show::Within,
        Show::NoTolerance,
        Show::Drifting,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Outside => "outside",
            Show::Undetermined => "undetermined",
            Show::Within => "within",
            Show::NoTolerance => "no_tolerance",
            Show::Drifting => "drifting",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Show::All => "all",
            Show::Outside => "outside",
            Show::Undetermined => "undetermined",
            Show::Within => "within",
            Show::NoTolerance => "no tolerance",
            Show::Drifting => "drifting",
        }
    }

    pub(super) const fn symbol(self) -> Option<&'static str> {
        match self {
            Show::All => None,
            Show::Outside => Some("#s-outside"),
            Show::Undetermined => Some("#s-undetermined"),
            Show::Within => Some("#s-within"),
            Show::NoTolerance => Some("#s-no_tolerance"),
            Show::Drifting => Some("#s-alarm"),
        }
    }

    pub(super) fn shows(self, row: &Row) -> bool {
        match self {
            Show::All => true,
            Show::Drifting => row.alarms > 0,
            status => row.status.word() == status.word(),
        }
    }
}

/// A column of the board.
pub(in crate::web::pages) struct Column {
    pub(super) title: &'static str,
    pub(super) sort: Sort,
    /// The direction that the first click asks for: what one looks for stands first.
    pub(super) first: &'static str,
    pub(super) class: &'static str,
}

const fn column(
    title: &'static str,
    sort: Sort,
    first: &'static str,
    class: &'static str,
) -> Column {
    Column {
        title,
        sort,
        first,
        class,
    }
}

pub(super) const COLUMNS: [Column; 8] = [
    column("Process", Sort::Name, "asc", "name"),
    column("Status", Sort::Attention, "desc", "st"),
    column("Class", Sort::Class, "desc", "cl"),
    column("Deviation", Sort::Deviation, "desc", "dev"),
    column("Cases a week", Sort::Frequency, "desc", "fr"),
    column("Run by", Sort::Executor, "asc", "ex"),
    column("Should be run", Sort::Recommendation, "asc", "rec"),
    column("Drift", Sort::Drift, "desc", "dr"),
];

/// What is asked for. What is not understood is as if it were not said: an old bookmark still opens the board.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::web::pages) struct Query {
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) show: Show,
    /// Part of a name or id.
    pub(super) find: String,
    /// Whether the guide is asked for or dismissed.
    pub(in crate::web::pages) guide: Option<bool>,
}

impl Query {
    pub(super) fn of(asked: &BTreeMap<String, String>) -> Query {
        let said = |key: &str| asked.get(key).map(String::as_str);
        let sort = Sort::ALL.into_iter();
        let sort = sort
            .into_iter()
            .find(|sort| said("sort") == Some(sort.word()));
        let sort = sort.unwrap_or(Sort::Attention);
        // `status` is how a status is named everywhere else; `show` is what the form says.
        let shown = said("show").or(said("status"));
        let show = Show::ALL
            .into_iter()
            .find(|show| shown == Some(show.word()));
        Query {
            sort,
            descending: match said("dir") {
                Some("asc") => false,
                Some("desc") => true,
                _ => first_direction(sort) == "desc",
            },
            show: show.unwrap_or(Show::All),
            find: said("q").unwrap_or_default().chars().take(200).collect(),
            guide: match said("guide") {
                Some("off") => Some(false),
                Some("on") => Some(true),
                _ => None,
            },
        }
    }

    pub(super) fn shows(&self, row: &Row) -> bool {
        self.show.shows(row) && row.key.contains(&self.find.trim().to_lowercase())
    }

    /// The places of all rows, in the order that is asked for.
    pub(super) fn order(&self, rows: &[Row]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| self.compare(&rows[*a], &rows[*b]));
        order
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let by_name = || a.key.cmp(&b.key);
        let number = |of: fn(&Row) -> Option<f64>| self.directed(of(a), of(b), f64::total_cmp);
        let text = |of: fn(&Row) -> Option<&'static str>| self.directed(of(a), of(b), Ord::cmp);
        let ordering = match self.sort {
            Sort::Name => self.directed(Some(&a.key), Some(&b.key), |a, b| a.cmp(b)),
            Sort::Attention => number(|row| Some(row.attention)),
            Sort::Class => number(|row| row.class_gap),
            Sort::Deviation => number(|row| row.deviation),
            Sort::Frequency => number(|row| row.rate),
            Sort::Executor => text(|row| Some(row.executor)),
            Sort::Recommendation => text(|row| row.recommendation),
            Sort::Drift => number(|row| Some(row.evidence)),
        };
        ordering.then_with(by_name)
    }

    /// What is not known stands last, whichever way.
    fn directed<T>(&self, a: Option<T>, b: Option<T>, compare: fn(&T, &T) -> Ordering) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) if self.descending => compare(&b, &a),
            (Some(a), Some(b)) => compare(&a, &b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }

    pub(super) fn showing(&self, show: Show) -> Query {
        Query {
            show,
            ..self.clone()
        }
    }

    /// A second click turns the direction.
    pub(super) fn sorted_by(&self, column: &Column) -> Query {
        let descending = match self.sort == column.sort {
            true => !self.descending,
            false => column.first == "desc",
        };
        Query {
            sort: column.sort,
            descending,
            ..self.clone()
        }
    }

    pub(in crate::web::pages) fn guided(&self, guide: bool) -> Query {
        Query {
            guide: Some(guide),
            ..self.clone()
        }
    }

    /// What the filter's form keeps of the order.
    pub(super) fn sorting(&self) -> Vec<(&'static str, &'static str)> {
        let mut said = Vec::new();
        if self.sort != Sort::Attention || !self.descending {
            said.push(("sort", self.sort.word()));
            said.push(("dir", if self.descending { "desc" } else { "asc" }));
        }
        if let Some(guide) = self.guide {
            said.push(("guide", if guide { "on" } else { "off" }));
        }
        said
    }

    fn words(&self) -> String {
        let mut said: Vec<String> = Vec::new();
        if self.show != Show::All {
            said.push(format!("show={}", self.show.word()));
        }
        if !self.find.is_empty() {
            said.push(format!("q={}", words::encoded(&self.find)));
        }
        let sorting = self.sorting().into_iter();
        said.extend(sorting.map(|(name, value)| format!("{name}={value}")));
        match said.is_empty() {
            true => String::new(),
            false => format!("?{}", said.join("&")),
        }
    }

    /// The address of the board like this.
    pub(in crate::web::pages) fn path(&self) -> String {
        format!("/{}", self.words())
    }

    /// The same rows for a spreadsheet.
    pub(super) fn csv(&self) -> String {
        format!("/processes.csv{}", self.words())
    }
}

fn first_direction(sort: Sort) -> &'static str {
    let column = COLUMNS.iter().find(|column| column.sort == sort);
    column.map_or("desc", |column| column.first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        let pairs = pairs.iter();
        let owned = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Query::of(&owned.collect())
    }

    #[test]
    fn an_address_says_what_is_asked_for_and_back() {
        let asked = query(&[
            ("sort", "deviation"),
            ("dir", "asc"),
            ("status", "outside"),
            ("q", "phish & co"),
            ("guide", "off"),
        ]);
        assert_eq!(asked.sort, Sort::Deviation);
        assert!(!asked.descending);
        assert_eq!(
            asked.path(),
            "/?show=outside&q=phish%20%26%20co&sort=deviation&dir=asc&guide=off"
        );
        assert_eq!(query(&[]).path(), "/");
    }

    #[test]
    fn what_is_not_understood_is_as_if_not_said() {
        let asked = query(&[
            ("sort", "colour"),
            ("dir", "up"),
            ("show", "red"),
            ("guide", "1"),
        ]);
        assert_eq!(asked, query(&[]));
    }

    #[test]
    fn what_is_not_known_stands_last_whichever_way() {
        for dir in ["asc", "desc"] {
            let asked = query(&[("sort", "deviation"), ("dir", dir)]);
            let known = asked.directed(Some(1.0), None, f64::total_cmp);
            assert_eq!(known, Ordering::Less, "{dir}");
        }
    }
}
