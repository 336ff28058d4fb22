"""A drawing of rectangles, lines and words, as SVG and as PNG: the same shapes, so that both say the same."""

import io
from collections.abc import Iterable
from html import escape
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

_SCALE = 2  # pixels of the PNG to a unit of the drawing
_FONT = "Helvetica Neue, Helvetica, Arial, sans-serif"
_LIFT = 0.35  # of a font's size: from the middle of a line of text to its base line


class Box(NamedTuple):
    """A filled rectangle; `round_` is the radius of its corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    round_: float = 0


class Path(NamedTuple):
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    stroke: str
    width: float = 1
    dashed: bool = False


class Words(NamedTuple):
    """Text, its middle at `y`; `x` is where it begins, its middle, or its end."""

    x: float
    y: float
    text: str
    size: float = 12
    fill: str = "#1f2933"
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


Shape = Box | Path | Words


class Drawing(NamedTuple):
    """Shapes on white, the first one at the back. `title` is what it is for those who do not see it."""

    width: int
    height: int
    title: str
    shapes: tuple[Shape, ...]


def as_svg(drawing: Drawing) -> str:
    """The drawing as a document of its own."""
    body = "\n".join(_svg(drawing.shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" '
        f'width="{drawing.width}" height="{drawing.height}" role="img" font-family="{_FONT}">\n'
        f"<title>{escape(drawing.title)}</title>\n"
        f'<rect width="{drawing.width}" height="{drawing.height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _svg(shapes: Iterable[Shape]) -> Iterable[str]:
    for shape in shapes:
        if isinstance(shape, Box):
            yield (
                f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
                f'rx="{shape.round_:g}" fill="{shape.fill}"/>'
            )
        elif isinstance(shape, Path):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="3 3"' if shape.dashed else ""
            yield (
                f'<polyline points="{points}" fill="none" stroke="{shape.stroke}" '
                f'stroke-width="{shape.width:g}" stroke-linejoin="round" stroke-linecap="round"{dashes}/>'
            )
        else:
            weight = ' font-weight="600"' if shape.bold else ""
            yield (
                f'<text x="{shape.x:.1f}" y="{shape.y + _LIFT * shape.size:.1f}" font-size="{shape.size:g}" '
                f'fill="{shape.fill}" text-anchor="{shape.anchor}"{weight}>{escape(shape.text)}</text>'
            )


def as_png(drawing: Drawing) -> bytes:
    """The drawing in twice its size."""
    image = Image.new("RGB", (drawing.width * _SCALE, drawing.height * _SCALE), "#ffffff")
    pen = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        _draw(pen, shape)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    if isinstance(shape, Box):
        if shape.width > 0 and shape.height > 0:
            left, top = shape.x * _SCALE, shape.y * _SCALE
            corner = (left + shape.width * _SCALE - 1, top + shape.height * _SCALE - 1)
            if corner[0] >= left and corner[1] >= top:
                pen.rounded_rectangle((left, top, *corner), radius=shape.round_ * _SCALE, fill=shape.fill)
    elif isinstance(shape, Path):
        points = [(x * _SCALE, y * _SCALE) for x, y in shape.points]
        pen.line(points, fill=shape.stroke, width=max(round(shape.width * _SCALE), 1), joint="curve")
    else:
        anchor = {"start": "lm", "middle": "mm", "end": "rm"}[shape.anchor]
        pen.text(
            (shape.x * _SCALE, shape.y * _SCALE),
            shape.text,
            font=ImageFont.load_default(shape.size * _SCALE),
            fill=shape.fill,
            anchor=anchor,
            stroke_width=0.6 if shape.bold else 0,
        )
