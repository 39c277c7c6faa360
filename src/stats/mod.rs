//! Numerics only: no word of the domain, no I/O. Every formula names its source.

mod chart;
mod cluster;
mod confseq;
mod describe;
mod distribution;
mod entropy;
mod glm;
mod proportion;
mod rate;
mod run_length;
mod spread;
mod survival;

pub(crate) use chart::EwmaPoint;
pub(crate) use chart::{Ewma, population_stability, proportion_limits};
pub(crate) use cluster::{Cluster, cluster_share, cluster_t, effective_number};
pub(crate) use confseq::Interval;
pub(crate) use confseq::{clean_runs_missing, confidence_sequence};
pub(crate) use entropy::{categorical_variance, entropy_bits};
pub(crate) use glm::{
    CountData, FitError, PoissonFit, chi_square_upper, correlation, count_quantile, f_upper,
    fit_poisson, normal_quantile, student_t_quantile, student_t_upper, variance_inflation,
};
pub(crate) use proportion::{clopper_pearson, clopper_pearson_fraction};
pub(crate) use rate::{chi_square_quantile, rate_interval};
pub(crate) use run_length::{BernoulliCusum, BernoulliDesign, bernoulli_cusum_design};
pub(crate) use spread::brown_forsythe;
pub(crate) use survival::{Survival, TimeQuantile, Times};
