//! The style sheet of a drawing: it stands in it, so that the file needs nothing else.
//!
//! Colours are written out twice, for light and for dark pages, instead of once as variables: what
//! does not know `@media` (Inkscape, librsvg) then draws the light ones, and what does not know
//! variables draws colours at all.

/// The style sheet. All rules are below the class of the drawing, so that they keep to it where it
/// stands in a web page.
pub(in crate::view) fn style_sheet() -> String {
    let mut sheet = SHAPES.to_owned();
    sheet += &colours(&LIGHT);
    sheet += "@media (prefers-color-scheme:dark){\n";
    sheet += &colours(&DARK);
    sheet += "}\n";
    sheet
}

const SHAPES: &str = "\
.headwater text{font-family:\"Segoe UI\",\"Helvetica Neue\",Helvetica,Arial,\"Noto Sans\",sans-serif}
.headwater .h{font-size:20px;font-weight:700}
.headwater .g{font-size:18px;font-weight:700}
.headwater .x{font-size:30px;font-weight:700}
.headwater .b{font-size:13px;font-weight:700}
.headwater .m{font-size:13px;font-family:ui-monospace,\"SF Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",monospace}
.headwater .t{font-size:12px}
.headwater .l{font-size:11px;font-weight:700}
.headwater .w,.headwater .o{fill:none;stroke-linejoin:round}
.headwater .w{stroke-width:1.6}
.headwater .o{stroke-width:5}
.headwater .w.heavy{stroke-width:3.4}
.headwater .o.heavy{stroke-width:7}
.headwater .dashed{stroke-dasharray:7 4}
.headwater .dotted{stroke-dasharray:2 3}
.headwater .card,.headwater .box,.headwater .label,.headwater .badge,.headwater .mark{stroke-width:1}
.headwater .box.heavy,.headwater .card.heavy,.headwater .lane.heavy{stroke-width:3}
.headwater .elsewhere{stroke-dasharray:5 4}
.headwater .row{fill:none;stroke:none}
.headwater .mark{stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}
";

struct Colours {
    page: &'static str,
    text: &'static str,
    muted: &'static str,
    card: &'static str,
    title: &'static str,
    lane: &'static str,
    outline: &'static str,
    /// A colour for lines and one for areas, by the word for it.
    tones: [(&'static str, &'static str, &'static str); 6],
}

const LIGHT: Colours = Colours {
    page: "#ffffff",
    text: "#1f2328",
    muted: "#59636e",
    card: "#ffffff",
    title: "#eff2f5",
    lane: "#f6f8fa",
    outline: "#c3cbd4",
    tones: [
        ("neutral", "#6e7781", "#eff2f5"),
        ("blue", "#0969da", "#ddf4ff"),
        ("green", "#1a7f37", "#dafbe1"),
        ("amber", "#9a6700", "#fff3c4"),
        ("red", "#cf222e", "#ffebe9"),
        ("violet", "#8250df", "#f3e8ff"),
    ],
};

const DARK: Colours = Colours {
    page: "#0d1117",
    text: "#f0f6fc",
    muted: "#a3acb6",
    card: "#151b23",
    title: "#232b35",
    lane: "#12181f",
    outline: "#3d444d",
    tones: [
        ("neutral", "#8b949e", "#232b35"),
        ("blue", "#58a6ff", "#10294a"),
        ("green", "#3fb950", "#12301c"),
        ("amber", "#d29922", "#3a2a06"),
        ("red", "#ff7b72", "#471a1c"),
        ("violet", "#bc8cff", "#2d1f4b"),
    ],
};

fn colours(colours: &Colours) -> String {
    let Colours { page, text, muted, card, title, lane, outline, tones } = colours;
    let mut sheet = format!(
        ".headwater .page{{fill:{page}}}
.headwater .o{{stroke:{page}}}
.headwater text{{fill:{text}}}
.headwater .t{{fill:{muted}}}
.headwater .card,.headwater .box{{fill:{card};stroke:{outline}}}
.headwater .lane{{fill:{lane};stroke:{outline}}}
.headwater .card.heavy,.headwater .lane.heavy{{stroke:{muted}}}
.headwater .label,.headwater .mark{{fill:{page}}}
.headwater .rule{{stroke:{outline};fill:none}}
.headwater .band{{fill:{title}}}
"
    );
    for (word, line, area) in tones {
        let _ = writeln!(
            sheet,
            ".headwater .{word}{{stroke:{line}}}.headwater .band.{word},.headwater .badge.{word}\
             {{fill:{area}}}.headwater .a.{word}{{fill:{line};stroke:none}}.headwater \
             .band.{word}{{stroke:none}}"
        );
    }
    sheet
}
use std::fmt::Write;
