"""Small images made at test time, and files of labels beside them."""

import json

import numpy as np
from PIL import Image

ORIENTATION = 0x0112


def picture(path, size=(64, 48), orientation=None, seed=0):
    """An image of noise; `orientation`: what its EXIF says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    image = Image.fromarray(pixels)
    if orientation is None:
        image.save(path)
    else:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        image.save(path, exif=exif)
    return path


def mask(path, values, mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values, np.uint8), "L")
    if mode == "P":
        image.putpalette([200] * 768)
    (image if mode in "LP" else image.convert(mode)).save(path)
    return path


def coco_tree(boxes, images=("a.png", "b.png"), **more):
    """A COCO file as a dict; `boxes`: (image number, category id, bbox)."""
    return {
        "images": [
            {"id": i + 1, "file_name": name, "width": 64, "height": 48}
            for i, name in enumerate(images)
        ],
        "annotations": [
            {"id": i, "image_id": image + 1, "category_id": kind, "bbox": list(box)}
            for i, (image, kind, box) in enumerate(boxes)
        ],
        "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
        **more,
    }


def coco(folder, tree):
    """The file, and its images beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in tree["images"] if isinstance(tree, dict) else ():
        if isinstance(one, dict) and str(one.get("file_name")).endswith(".png"):
            picture(folder / one["file_name"])
    path = folder / "instances.json"
    path.write_text(json.dumps(tree))
    return path


def yolo(folder, labels, yaml="val: images\nnames: [cat, dog]\n"):
    """data.yaml, and images a0, a1, ... with these texts of labels; None: no file."""
    for i, text in enumerate(labels):
        picture(folder / "images" / f"a{i}.png")
        if text is not None:
            place = folder / "labels" / f"a{i}.txt"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
    path = folder / "data.yaml"
    path.write_text(yaml)
    return path


def voc(folder, objects, size=(64, 48)):
    """A folder of XML: for each image its (name, box)."""
    for i, several in enumerate(objects):
        picture(folder / "JPEGImages" / f"a{i}.jpg", size)
        inside = "".join(voc_object(*one) for one in several)
        (folder / "Annotations").mkdir(exist_ok=True)
        text = f"<annotation><filename>a{i}.jpg</filename>{inside}</annotation>"
        (folder / "Annotations" / f"a{i}.xml").write_text(text)
    return folder / "Annotations"


def voc_object(name, box, difficult=0):
    ends = zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    corners = "".join(f"<{end}>{value}</{end}>" for end, value in ends)
    return (
        f"<object><name>{name}</name><difficult>{difficult}</difficult>"
        f"<bndbox>{corners}</bndbox></object>"
    )
