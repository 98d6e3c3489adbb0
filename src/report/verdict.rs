//! How a step came out, with its word, its glyph and its colour class: one meaning in three forms.

use crate::search::history::StepRecord;

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Correct and measured.
    Accepted,
    /// The candidate's fault.
    Rejected,
    /// Infrastructure failed, or there is no objective: nothing is known about the candidate.
    Inconclusive,
    /// Not evaluated yet.
    Pending,
    /// There is no candidate.
    None,
}

impl Verdict {
    /// The word for it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Inconclusive => "inconclusive",
            Self::Pending => "pending",
            Self::None => "no candidate",
        }
    }

    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Inconclusive => "inconclusive",
            Self::Pending => "pending",
            Self::None => "nothing",
        }
    }

    /// A character that means the same as the colour.
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Accepted => "●",
            Self::Rejected => "✕",
            Self::Inconclusive => "▲",
            Self::Pending => "◆",
            Self::None => "■",
        }
    }

    /// All of them, for legends.
    pub const ALL: [Verdict; 5] = [Self::Accepted, Self::Rejected, Self::Inconclusive, Self::Pending, Self::None];
}

/// How a step came out.
pub fn verdict_of(record: &StepRecord) -> Verdict {
    let Some(candidate) = &record.candidate else { return Verdict::None };
    match &candidate.evaluation {
        None => Verdict::Pending,
        Some(e) if e.accepted() => Verdict::Accepted,
        Some(e) if e.failure().is_some_and(|r| !r.is_infrastructure()) => Verdict::Rejected,
        Some(_) => Verdict::Inconclusive,
    }
}
