"""Faults in the form of stored values, which must be that of the platform to the byte."""

from typing import Final

from tools.plant_faults.fault import Fault

_SCALARS: Final = "_core/storage/codec/write_scalars.py"
_WRITER: Final = "_core/storage/codec/writer.py"
_GOLDEN: Final = ("tests/core/storage/test_codec_golden.py",)
_WRITING: Final = ("tests/core/storage/test_codec_writing.py",)

FAULTS: Final = (
    Fault(
        name="small-integers-reach-too-far",
        breaks="2**30 is stored as a small integer; the platform stores a double.",
        file="_core/storage/codec/wire.py",
        before="SMALL_MAX: Final = (1 << 30) - 1",
        after="SMALL_MAX: Final = 1 << 30",
        tests=("tests/core/storage/test_codec_golden.py", "tests/core/storage/test_codec_node.py"),
    ),
    Fault(
        name="padding-left-out",
        breaks="Two-byte strings may begin at an odd offset.",
        file=_SCALARS,
        before="        writer.out.append(tags.PADDING)\n",
        after="        pass\n",
        tests=_GOLDEN,
    ),
    Fault(
        name="bytes-take-no-number",
        breaks="References to objects behind a buffer lead to the wrong object.",
        file="_core/storage/codec/write_objects.py",
        before="    writer.take_number()\n    _write_content(writer, value)\n",
        after="    _write_content(writer, value)\n",
        tests=("tests/core/storage/test_codec_golden.py", "tests/core/storage/test_codec_writing.py"),
    ),
    Fault(
        name="shared-object-written-twice",
        breaks="An object that occurs twice in a value comes back as two objects.",
        file=_WRITER,
        before="        number = numbers.setdefault(id(value), next_number)\n        if number == next_number:",
        after="        number = numbers.setdefault(id(value), next_number)\n        if number >= 0:",
        tests=_WRITING,
    ),
    Fault(
        name="dates-before-the-epoch-rounded-away",
        breaks="Parts of a millisecond before 1970 are rounded away from the epoch.",
        file="_core/storage/codec/write_objects.py",
        before="microseconds // 1000 if microseconds >= 0 else -(-microseconds // 1000)",
        after="microseconds // 1000",
        tests=_WRITING,
    ),
    Fault(
        name="minus-zero-loses-its-sign",
        breaks="Minus zero is read as the integer zero.",
        file="_core/storage/codec/read_scalars.py",
        before=' and (number or str(number) == "0.0"):',
        after=":",
        tests=_GOLDEN,
    ),
    Fault(
        name="bigint-sign-lost",
        breaks="Negative BigInts are stored as positive ones.",
        file=_SCALARS,
        before="size << 1 | (value < 0)",
        after="size << 1",
        tests=_GOLDEN,
    ),
    Fault(
        name="integers-beyond-2-53-stored-as-doubles",
        breaks="An int that no double holds loses its last digits instead of becoming a BigInt.",
        file=_SCALARS,
        before="    elif -SAFE_MAX <= value <= SAFE_MAX:\n",
        after="    elif value.bit_length() < 1000:\n",
        tests=_WRITING,
    ),
    Fault(
        name="rest-of-a-buffer-taken-for-granted",
        breaks="A value whose bytes end too early is read as a shorter one.",
        file="_core/storage/codec/reader.py",
        before="        if end > len(self.blob):\n            self.fail(",
        after="        if end < self.at:\n            self.fail(",
        tests=("tests/core/storage/test_codec_reading.py",),
    ),
    Fault(
        name="any-number-taken-for-a-property-key",
        breaks="A BigInt, or a Number object, is read as a property key where it looks like an int to user code.",
        file="_core/storage/codec/read_containers.py",
        before="if reader.peek() not in _KEY_TAGS:",
        after="if reader.peek() not in (*_KEY_TAGS, tags.BIGINT, tags.BOXED_NUMBER, tags.BOXED_BIGINT):",
        tests=("tests/fuzz/test_decoder.py",),
    ),
)
