//! The build script: hands the linker the order of functions in `order.ld`.
//!
//! The kernel maps a program by 64 KiB around each page that is touched. What a run executes is an eighth of the program,
//! but left to itself lies so scattered that such a run has nearly all of it in memory: the functions that are
//! executed together stand together instead. `cargo bench --bench process -- --order src/link/order.ld` writes the
//! list anew. An outdated one does no harm: what it doesn't name, or names and nobody has, costs memory at most.
//!
//! Only where the linker is known to read such scripts: GNU's and LLVM's do. Who names a linker of their own gets
//! no arguments for it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/link");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|it| it == value);
    let is_gnu_linux = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_linker_named =
        env::var_os("RUSTC_LINKER").is_some() || flags.contains("linker") || flags.contains("fuse-ld");
    if !is_gnu_linux || is_linker_named || !is("PROFILE", "release") {
        return;
    }
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo tells build scripts where they are");
    println!("cargo::rustc-link-arg-bins=-T");
    println!("cargo::rustc-link-arg-bins={root}/src/link/order.ld");
}
