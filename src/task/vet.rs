//! Vets a task.
