//! Speed of the planner. Run with `cargo bench`.

fn main() {
    divan::main();
}
