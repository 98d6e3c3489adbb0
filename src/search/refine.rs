//! The strategy `refine`.
