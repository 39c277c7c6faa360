//! The parts of a report, and the terms that one must know to read it.

/// What must be known to read a report, said before anything else.
pub(super) const FIRST: [(&str, &str); 4] = [
    (
        "Deviation",
        "how far cases end from how they should, on average: 2 % are two wrong cases in a hundred, or four that are half wrong. Each process may have so much of it: that is permissible",
    ),
    (
        "3.4 % (2.6 to 4.5)",
        "behind a figure stands the range in which the true value lies, with 95 % confidence; more cases make it narrower",
    ),
    (
        "Within, outside, undetermined",
        "the whole range lies below what is permissible, or above it, or it can't be told yet",
    ),
    (
        "Code",
        "a script or a playbook that runs by itself and does the same with the same input every time; AI need not",
    ),
];

/// What other terms mean, said once in every report.
pub(super) const TERMS: [(&str, &str); 4] = [
    (
        "class",
        "how exact a process must be: fine (f), medium (m), coarse (c), very coarse (v). Deviation is permissible by its class and its size: the more steps it has, the more",
    ),
    (
        "drift",
        "a process has changed against its own past, by more than chance would have it",
    ),
    (
        "shadow run",
        "AI or code does the same case as people do, and what comes out is recorded and not acted on",
    ),
    (
        "mixed",
        "no single one of these decides most of the cases: people, AI, AI with human approval, code, code with human approval",
    ),
];

/// The parts of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Changed,
    ToDo,
    Drifted,
    All,
    Sides,
    Directions,
    Stages,
    Declared,
    Predicted,
    Open,
    Quality,
}

impl Part {
    /// Its title.
    pub(super) fn title(self) -> &'static str {
        match self {
            Part::Changed => "What changed",
            Part::ToDo => "What to do now",
            Part::Drifted => "What has drifted",
            Part::All => "All processes",
            Part::Sides => "People, AI and code",
            Part::Directions => "Misses and false alarms",
            Part::Stages => "Stage times",
            Part::Declared => "Declared against measured",
            Part::Predicted => "What was predicted, and what came",
            Part::Open => "What could not be judged",
            Part::Quality => "Data quality",
        }
    }

    /// What it means.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Part::Changed => "Verdicts that are not what they were a period ago, and why.",
            Part::ToDo => {
                "What does harm first, the most harm on top; then by the hours a year that it saves, those for upkeep taken off."
            }
            Part::Drifted => {
                "A process has changed against its own past by more than chance would have it. Look for what else changed then: a model, a prompt, \
                 a playbook, a tool, where its cases come from."
            }
            Part::All => {
                "What is outside first. The class says how exact a process must be: the class that it needs, and the finest that its cases have shown so far. \
                 The trend is the deviation at the ends of the last eight periods; each line has a scale of its own."
            }
            Part::Sides => {
                "The same process by who decided the case, with or without human approval, each held against the same limit."
            }
            Part::Directions => {
                "The share of the cases that missed something, and of those that raised a false alarm, each held against its own tolerance if the catalog \
                 declares one. A process is never within its tolerance while one of them is not."
            }
            Part::Stages => {
                "How long it takes from the start of a case to each milestone: median and 90th percentile of the cases that started in the window. \
                 Open cases count as not reached yet."
            }
            Part::Declared => {
                "What the catalog, the list of processes, says of a process, against what its log shows."
            }
            Part::Predicted => {
                "What automation was said to save at the beginning of the period, hours for upkeep taken off, against the hours that people spent in it."
            }
            Part::Open => {
                "Undetermined is no fault of a process: there are too few cases to say whether it deviates more or less than it may. Drills and replayed \
                 cases can count as evidence (`exercises_count` in the catalog)."
            }
            Part::Quality => "What the figures above lack.",
        }
    }

    /// What stands there where there is nothing to say.
    pub(super) fn none(self) -> &'static str {
        match self {
            Part::Changed => {
                "Nothing: class, status and recommendation of every process are as before."
            }
            Part::ToDo | Part::Drifted => "Nothing.",
            Part::All => "None.",
            Part::Sides => "No process is run in more than one mode.",
            Part::Directions => {
                "No outcome has a direction. Declare it in the catalog: `outcomes: { NAME: { severity: 1, direction: missed } }`."
            }
            Part::Stages => {
                "No milestone is known, such as acknowledged, contained or resolved. Declare `milestones` in the catalog or in the mapping."
            }
            Part::Declared => "They agree.",
            Part::Predicted => "Nothing was predicted a period ago.",
            Part::Open => "Everything could.",
            Part::Quality => "Nothing is lacking.",
        }
    }
}
