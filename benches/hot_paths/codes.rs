//! Deriving a code, and comparing what was typed with it.

use criterion::Criterion;
use twostep::domain::code::TypedCode;

use super::samples::{code, issued, keys, source};

pub fn measure(criterion: &mut Criterion) {
    let (keys, issued) = (keys(), issued());
    let (source, code) = (source(&issued), code(&issued));
    criterion.bench_function("code/derive", |bencher| bencher.iter(|| keys.derive(&source).is_ok()));
    let Ok(typed) = TypedCode::parse(&code.grouped().into(), issued.digits) else {
        unreachable!("a code can be typed")
    };
    criterion.bench_function("code/compare", |bencher| bencher.iter(|| code.matches(&typed)));
}
