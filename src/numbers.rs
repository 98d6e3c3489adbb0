//! Numbers and short texts as people read them. Every report and list uses these, so that a number looks the same everywhere.

/// What stands for an unknown value.
pub const UNKNOWN: &str = "–";

/// Five significant digits; powers of ten only where a plain number would be unreadable.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        UNKNOWN.to_string()
    } else if value.is_infinite() {
        if value > 0.0 { "∞".into() } else { "−∞".into() }
    } else if size == 0.0 {
        "0".into()
    } else if !(1e-4..1e7).contains(&size) {
        minus(&format!("{value:.3e}"))
    } else if value.fract() == 0.0 {
        minus(&format!("{value:.0}"))
    } else {
        // log10 of a value in this range lies between -4 and 7.
        #[expect(clippy::cast_possible_truncation, reason = "the value is small")]
        let decimals = (4 - size.log10().floor() as i64).clamp(0, 8);
        let text = format!("{value:.*}", usize::try_from(decimals).unwrap_or(0));
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        minus(text)
    }
}

fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) => format!("−{rest}"),
        None => text.to_string(),
    }
}

/// A number, or the sign for an unknown one.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_string(), number)
}

/// A number with its unit.
pub fn with_unit(value: Option<f64>, unit: &str) -> String {
    match value {
        Some(v) if unit.is_empty() => number(v),
        Some(v) => format!("{} {}", number(v), unit),
        None => UNKNOWN.to_string(),
    }
}

/// A speed-up, for instance `1.250×`.
pub fn speedup(value: Option<f64>) -> String {
    match value {
        Some(v) if v.is_finite() && v < 10.0 => format!("{v:.3}×"),
        Some(v) if v.is_finite() && v < 1e6 => format!("{v:.1}×"),
        Some(v) if v.is_finite() => format!("{v:.2e}×"),
        _ => UNKNOWN.to_string(),
    }
}

/// The change from one value to another in per cent, with its sign.
pub fn change(old: Option<f64>, new: Option<f64>) -> String {
    let (Some(old), Some(new)) = (old, new) else { return UNKNOWN.to_string() };
    if old == new {
        return "0 %".to_string();
    }
    let percent = (new - old) / old.abs() * 100.0;
    if !percent.is_finite() {
        return UNKNOWN.to_string();
    }
    let sign = if percent > 0.0 { "+" } else { "−" };
    let size = percent.abs();
    if size >= 1e6 { format!("{sign}{size:.1e} %") } else { format!("{sign}{size:.1} %") }
}

/// A duration.
pub fn seconds(value: Option<f64>) -> String {
    // The sum of nothing is -0.
    match value.map(|s| s + 0.0) {
        Some(s) if !s.is_finite() || s < 0.0 => UNKNOWN.to_string(),
        Some(s) if s < 10.0 => format!("{s:.2} s"),
        Some(s) if s < 120.0 => format!("{s:.0} s"),
        Some(s) if s < 7200.0 => format!("{:.1} min", s / 60.0),
        Some(s) => format!("{:.1} h", s / 3600.0),
        None => UNKNOWN.to_string(),
    }
}

/// A moment, from milliseconds since 1970.
pub fn time(ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(ms) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => UNKNOWN.to_string(),
    }
}

/// The geometric mean of positive numbers.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|v| *v <= 0.0) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of runs")]
    let count = values.len() as f64;
    Some((values.iter().map(|v| v.ln()).sum::<f64>() / count).exp())
}

/// The median.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// The first characters of a text.
pub fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_five_digits_and_unknown_ones_are_not_zero() {
        for (value, text) in [
            (0.0, "0"),
            (1234.0, "1234"),
            (-1234.0, "−1234"),
            (1234.5678, "1234.6"),
            (0.123_456_78, "0.12346"),
            (2.5, "2.5"),
            (0.001_234_567, "0.0012346"),
            (99_999.96, "100000"),
            (1e9, "1.000e9"),
            (-3.2e-7, "−3.200e-7"),
            (f64::NAN, "–"),
            (f64::INFINITY, "∞"),
        ] {
            assert_eq!(number(value), text, "{value:e}");
        }
        assert_eq!(
            (optional(None), with_unit(None, "ns"), with_unit(Some(2.0), "ns")),
            ("–".into(), "–".into(), "2 ns".into())
        );
    }

    #[test]
    fn changes_and_speedups_carry_their_sign() {
        assert_eq!(change(Some(100.0), Some(87.7)), "−12.3 %");
        assert_eq!(change(Some(-2.0), Some(-1.0)), "+50.0 %");
        assert_eq!(change(Some(3.0), Some(3.0)), "0 %");
        assert_eq!(change(Some(0.0), Some(3.0)), "–");
        assert_eq!(change(None, Some(3.0)), "–");
        assert_eq!(
            (speedup(Some(1.25)), speedup(Some(12.34)), speedup(None)),
            ("1.250×".into(), "12.3×".into(), "–".into())
        );
    }

    #[test]
    fn durations_and_times_are_readable() {
        assert_eq!(seconds(Some(0.256)), "0.26 s");
        assert_eq!(seconds(Some(600.0)), "10.0 min");
        assert_eq!((seconds(None), seconds(Some(-0.0))), ("–".into(), "0.00 s".into()));
        assert_eq!(time(1_700_000_000_000), "2023-11-14 22:13 UTC");
        assert_eq!(time(i64::MAX), "–");
    }

    #[test]
    fn means_of_nothing_are_unknown() {
        assert_eq!((geometric_mean(&[]), median(&[])), (None, None));
        assert!((geometric_mean(&[1.0, 4.0]).unwrap() - 2.0).abs() < 1e-12);
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[1.0, 2.0])), (Some(2.0), Some(1.5)));
    }
}
