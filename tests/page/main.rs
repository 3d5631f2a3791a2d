//! The page as people meet it: the program itself serves it, and a real browser shows it.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "../support/aside.rs"]
mod aside;
mod browser;
#[path = "../support/ended.rs"]
#[expect(dead_code, reason = "the tests of the commands need more of it")]
mod ended;
#[path = "../service/lab.rs"]
#[expect(dead_code, reason = "the tests of the service need more of it")]
mod lab;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "the tests of the commands need more of it")]
mod world;

use browser::{Browser, Screen};
use lab::{EACH_SECOND, Lab, Service, until};

const DESK_LIGHT: Screen = Screen {
    width: 1200,
    scheme: "light",
};
const DESK_DARK: Screen = Screen {
    width: 1200,
    scheme: "dark",
};
const PHONE_LIGHT: Screen = Screen {
    width: 360,
    scheme: "light",
};
const PHONE_DARK: Screen = Screen {
    width: 360,
    scheme: "dark",
};

/// The lowest contrast of any text with what is behind it, as the WCAG reckon it, and the text.
const LOWEST_CONTRAST: &str = r#"(() => {
    const parse = (it) => it.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b]
        .map((it) => it / 255)
        .map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4))
        .reduce((sum, it, at) => sum + it * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = (node) => {
        for (let it = node; it; it = it.parentElement) {
            const colour = parse(getComputedStyle(it).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let worst = [99, ""];
    while (texts.nextNode()) {
        const node = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || node.closest("svg")) continue;
        const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < worst[0]) worst = [contrast, texts.currentNode.data];
    }
    return worst;
})()"#;

/// Companies on a bad day: a hold, a conflict, findings, a refused credential, and names that mean harm.
fn bad_day() -> (Lab, Service) {
    let lab = Lab::new(&[]);
    lab.world.employ_many(30);
    lab.world.put("boss", "Boss \"<b>\"", "+37126099999");
    lab.world.secret("beta", "wrong-token-000");
    let accounts = format!(
        "{}{}",
        lab.world.account("acme", "acme"),
        lab.world.account("beta", "beta")
    );
    lab.world.configure(&format!("{EACH_SECOND}{accounts}"));
    let service = lab.start();
    service.wait_for_state("ok");
    lab.crm("UPDATE employees SET name = '<script>document.title=''stolen''</script>' WHERE id = '9'");
    let name = "<script>document.title=''stolen''</script>";
    let stranger = format!("\u{202e}Zoe {name}");
    lab.crm(&format!(
        "INSERT INTO employees VALUES ('31', '{stranger}', '+37126099999'), ('32', 'Wanda', 'call the office'),
            ('a-very-long-id-without-any-place-to-break-it-0123456789abcdef', 'X', '12')"
    ));
    until("the conflict and the finding are on the page", || {
        ["&lt;script&gt;", "Wanda"]
            .iter()
            .all(|it| service_has(&service, it))
    });
    lab.crm("DELETE FROM employees WHERE CAST(id AS INTEGER) BETWEEN 5 AND 30");
    service.wait_for_state("held");
    (lab, service)
}

fn service_has(service: &Service, text: &str) -> bool {
    service.get("/").1.contains(text)
}

fn address(service: &Service) -> String {
    format!("http://127.0.0.1:{}/", service.port())
}

#[test]
#[ignore = "needs a browser"]
fn the_page_is_quiet_fits_and_is_legible_on_every_screen() {
    let (lab, mut service) = bad_day();
    let url = address(&service);
    let mut browser = Browser::start();
    let mut pictures = Vec::new();
    for (name, screen) in [
        ("desk-light", DESK_LIGHT),
        ("desk-dark", DESK_DARK),
        ("phone-light", PHONE_LIGHT),
        ("phone-dark", PHONE_DARK),
    ] {
        browser.open(&url, screen);
        browser.eval("document.querySelectorAll('details').forEach((it) => it.open = true)");
        assert_eq!(browser.complaints(), [""; 0], "{name}");
        assert_eq!(browser.requests(), [url.as_str()], "{name}: all is in the page");
        let width = browser.eval("document.documentElement.scrollWidth");
        assert_eq!(width, screen.width, "{name}: nothing is wider than the screen");
        let worst = browser.eval(LOWEST_CONTRAST);
        assert!(worst[0].as_f64().unwrap() >= 4.5, "{name}: {worst}");
        assert_eq!(
            browser.eval("document.title"),
            "(2) wazzup-sync",
            "{name}: no script has run"
        );
        assert!(browser.n_of_role("row") > 6, "{name}: tables stay tables");
        let plain =
            "[...document.querySelectorAll('.state')].map((it) => getComputedStyle(it).backgroundColor)";
        let colours = browser.eval(plain);
        assert_ne!(colours[0], colours[1], "{name}: a state has its colour");
        pictures.push(browser.picture(name));
    }
    assert_ne!(pictures[0], pictures[1], "dark is not light");
    assert_ne!(pictures[2], pictures[3], "dark is not light");
    drop(lab);
    service.stop();
}

#[test]
#[ignore = "needs a browser"]
fn whatever_a_text_might_smuggle_in_is_refused_by_the_policy() {
    let lab = Lab::new(&[]);
    let service = lab.start();
    service.wait_for_log("the service is up");
    let mut browser = Browser::start();
    for element in [
        "<img src=\"/livez\">",
        "<b style=\"color: red\">b</b>",
        "<iframe src=\"/livez\"></iframe>",
        "<a onclick=\"document.title='stolen'\" id=\"a\">a</a>",
    ] {
        browser.open(&address(&service), DESK_LIGHT);
        assert_eq!(browser.complaints(), [""; 0], "{element}");
        browser.eval(&format!(
            "document.body.innerHTML = `{element}`; document.querySelector('a')?.click()"
        ));
        let complaints = browser.complaints().join("\n");
        assert!(
            complaints.contains("Content Security Policy"),
            "{element}: {complaints}"
        );
    }
    assert_ne!(browser.eval("document.title"), "stolen");
}
