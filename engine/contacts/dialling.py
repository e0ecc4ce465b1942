"""Plain numbers, read fast: by the rules of `phonenumbers`, in its own metadata, for the shapes most cells have.

A dialler gives what `phones.read_phones` gives, or nothing, and then that is to be asked. It follows
`phonenumbers.parse` step by step, without what only other shapes need; a test compares the two over all countries.
"""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberDesc, PhoneNumberType, ValidationResult

_PLAIN = re.compile(r"\(?\+?[0-9][0-9 ()-]{5,23}[0-9]")
_BETWEEN_DIGITS = str.maketrans("", "", " ()-+")
_DATE = re.compile(r"(?:19|20)[0-9]{2}-.*")
_ROUNDED = "0" * 8
_LENGTHS = range(2, 18)  # digits of any number without its calling code


class Dialler:
    """Reads numbers as they are dialled in one country."""

    def __init__(self, country: str) -> None:
        metadata = _metadata_of(country)
        self._code = str(metadata.country_code)
        self._own = _calling_code(metadata.country_code)
        self._plan = _Plan(metadata)
        self._abroad = re.compile(metadata.international_prefix or "NonMatch")

    def read(self, cell: str) -> tuple[str, bool] | None:
        """Return the number, E.164, and whether it is a landline."""
        text = cell.strip()
        if text.endswith(".0") and len(text) > 8:
            text = text[:-2]
            if not text.isdecimal():
                return None
        if not _PLAIN.fullmatch(text):
            return None
        digits = text if text.isdecimal() else text.translate(_BETWEEN_DIGITS)
        if len(digits) < 7 or digits.endswith(_ROUNDED) or digits.count(digits[0]) == len(digits):
            return None
        if "+" in text:
            found = self._international(digits)
        elif "-" in text and _DATE.fullmatch(text):
            return None
        elif digits[0] != "0":
            found = self._without_prefix(digits)
        else:
            found = None if digits[1] == "0" else self._national(digits)
        if found is None:
            return None
        code, national = found
        if len(national) not in code.possible or not national.strip("0"):
            return None
        return f"+{code.code}{national}", code.is_landline(national)

    def _without_prefix(self, digits: str) -> "_Found | None":
        """A leading zero was lost, or a plus: whichever gives a possible number, then a valid one."""
        here = self._national(digits)
        if here is None:
            return None
        code, national = here
        possible_here = len(national) in code.possible
        if possible_here and code.is_surely_valid(national):
            return here
        abroad = self._international(digits)
        if abroad is None or here == abroad or not possible_here:
            return abroad
        return None if len(abroad[1]) in abroad[0].possible else here

    def _national(self, digits: str) -> "_Found | None":
        if self._abroad.match(digits):
            return None
        plan = self._plan
        if digits.startswith(self._code):
            behind = plan.strip(digits[len(self._code) :])
            if behind is None:
                return None
            if plan.is_too_long(digits) or (plan.fits(behind) and not plan.fits(digits)):
                return self._own.find(behind)
        national = plan.strip_if_possible(digits)
        return None if national is None else (self._own, national)

    def _international(self, digits: str) -> "_Found | None":
        for length in (1, 2, 3):
            code = int(digits[:length])
            if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE and digits[0] != "0":
                return _calling_code(code).find(digits[length:])
        return None


@cache
def dialler(country: str) -> Dialler:
    """`country`: ISO 3166 alpha-2, supported by the library."""
    return Dialler(country)


class _Plan:
    """The numbering plan of one region: how its own prefix ("0") is told from the number."""

    def __init__(self, metadata: PhoneMetadata) -> None:
        prefix = metadata.national_prefix_for_parsing
        self._prefix = re.compile(prefix) if prefix else None
        self._rewrites = bool(metadata.national_prefix_transform_rule)
        general = metadata.general_desc
        assert general is not None  # noqa: S101
        self._general = re.compile(general.national_number_pattern or "(?!)")
        lengths, local = general.possible_length, general.possible_length_local_only
        self._longest = max(lengths)
        self._local = frozenset(local)
        self._lengths = frozenset(lengths)

    def fits(self, number: str) -> bool:
        return self._general.fullmatch(number) is not None

    def is_too_long(self, number: str) -> bool:
        return len(number) > self._longest and len(number) not in self._local

    def strip(self, number: str) -> str | None:
        """Take the prefix off. None: the plan does more than that to it."""
        match = self._prefix.match(number) if self._prefix and number else None
        if match is None:
            return number
        if self._rewrites and (match.re.groups == 0 or match[match.re.groups] is not None):
            return None
        rest = number[match.end() :]
        return number if self.fits(number) and not self.fits(rest) else rest

    def strip_if_possible(self, number: str) -> str | None:
        rest = self.strip(number)
        if rest is None:
            return None
        possible = len(rest) not in self._local and (len(rest) in self._lengths or len(rest) > self._longest)
        return rest if possible else number


class _CallingCode:
    """The numbers behind one calling code. Its first region's plan is that of all who share it."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.possible = frozenset(length for length in _LENGTHS if _is_possible(code, length))
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        members = [_metadata_of(region, code) for region in regions]
        main = members[0]
        self._plan = _Plan(main)
        asked_by_leading_digits = len(members) > 1 and main.leading_digits is not None
        self._in_use = () if asked_by_leading_digits else (_Kind(main.fixed_line), _Kind(main.mobile))
        self._general = _Kind(main.general_desc)
        landlines = [
            f"(?:{member.fixed_line.national_number_pattern})"
            for member in members
            if member.fixed_line is not None
            and member.fixed_line.national_number_pattern
            and not member.same_mobile_and_fixed_line_pattern
        ]
        self._landlines = re.compile("|".join(landlines) or "(?!)")

    def find(self, behind: str) -> "_Found | None":
        national = self._plan.strip_if_possible(behind)
        return None if national is None else (self, national)

    def is_surely_valid(self, national: str) -> bool:
        """False says nothing."""
        return self._general.has(national) and any(kind.has(national) for kind in self._in_use)

    def is_landline(self, national: str) -> bool:
        """Whether the library calls it FIXED_LINE. It is asked only where the pattern of one fits."""
        if not self._landlines.fullmatch(national):
            return False
        number = PhoneNumber(country_code=self.code, national_number=int(national))
        if zeros := len(national) - len(national.lstrip("0")):
            number.italian_leading_zero = True
            number.number_of_leading_zeros = zeros
        return phonenumbers.number_type(number) == PhoneNumberType.FIXED_LINE


_Found = tuple[_CallingCode, str]  # the number without its calling code


class _Kind:
    def __init__(self, description: PhoneNumberDesc | None) -> None:
        pattern = None if description is None else description.national_number_pattern
        self._pattern = re.compile(pattern or "(?!)")
        self._lengths = frozenset(() if description is None else description.possible_length)

    def has(self, national: str) -> bool:
        if self._lengths and len(national) not in self._lengths:
            return False
        return self._pattern.fullmatch(national) is not None


@cache
def _calling_code(code: int) -> _CallingCode:
    return _CallingCode(code)


def _metadata_of(region: str, code: int = 0) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    if metadata is None:
        raise LookupError(region)
    return metadata


def _is_possible(code: int, length: int) -> bool:
    number = PhoneNumber(country_code=code, national_number=int("1" * length))
    reason = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.FIXED_LINE_OR_MOBILE)
    return reason == ValidationResult.IS_POSSIBLE
