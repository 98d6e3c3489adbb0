//! The offline agents: a Judge that reads metrics by rules, a Coder that takes exemplars from the library and sweeps their tunables.
