#!/usr/bin/env python3
"""Makes the tables of values that cells are looked up in (src/values/).

    scripts/value_tables.py CLDR_CORE CLDR_LOCALENAMES PHONE_NUMBER_METADATA

CLDR_CORE and CLDR_LOCALENAMES are the unpacked packages `cldr-core` and `cldr-localenames-full` of the Unicode Common
Locale Data Repository; PHONE_NUMBER_METADATA is `resources/PhoneNumberMetadata.xml` of Google's libphonenumber. The
tables in the repository were made from CLDR 48.2 and libphonenumber 9.0.33.
"""

import json
import re
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "src/values"

# Names in these languages are taken for every country.
LANGUAGES = ["en", "de", "fr", "es", "ja"]
# Names in these are taken where no name above is the same.
FURTHER_LANGUAGES = ["it", "pt", "nl", "ko", "zh", "zh-Hant"]

# What CLDR does not have: the short names of ISO 3166-1 with their parts turned round, common abbreviations, parts of
# the United Kingdom, former names, and what Japanese texts write for a few countries.
VARIANTS = {
    "AE": ["UAE", "Emirates", "Émirats"],
    "BN": ["Brunei Darussalam"],
    "BO": ["Bolivia, Plurinational State of", "Plurinational State of Bolivia"],
    "CD": ["Congo, Democratic Republic of the", "Congo, The Democratic Republic of the", "Democratic Republic of the Congo",
           "Democratic Republic of Congo", "DR Congo", "DRC", "Congo-Kinshasa", "RDC", "コンゴ民主共和国"],
    "CG": ["Republic of the Congo", "Congo, Republic of the", "Congo-Brazzaville", "コンゴ共和国"],
    "CN": ["PRC", "People's Republic of China", "Mainland China", "中華人民共和国", "中华人民共和国"],
    "CV": ["Cape Verde"],
    "CZ": ["Czech Republic", "Tschechische Republik", "République tchèque", "República Checa"],
    "DE": ["Federal Republic of Germany", "Bundesrepublik Deutschland", "BRD", "ドイツ連邦共和国"],
    "FK": ["Falkland Islands (Malvinas)"],
    "FM": ["Micronesia, Federated States of", "Federated States of Micronesia"],
    "GB": ["Great Britain", "United Kingdom of Great Britain and Northern Ireland", "Britain", "England", "Scotland",
           "Wales", "Northern Ireland", "Großbritannien", "Grande-Bretagne", "Gran Bretaña", "Angleterre", "Inglaterra",
           "英国", "グレートブリテン"],
    "IE": ["Republic of Ireland", "Éire", "Eire"],
    "IR": ["Iran, Islamic Republic of", "Islamic Republic of Iran"],
    "JP": ["日本国", "Nippon", "Nihon"],
    "KP": ["Korea, Democratic People's Republic of", "Democratic People's Republic of Korea", "DPRK", "朝鮮民主主義人民共和国"],
    "KR": ["Korea, Republic of", "Republic of Korea", "Korea, South", "Korea (South)", "ROK", "大韓民国", "韓国"],
    "LA": ["Lao People's Democratic Republic", "Lao PDR"],
    "MD": ["Moldova, Republic of", "Republic of Moldova"],
    "MK": ["Macedonia", "Macedonia, the former Yugoslav Republic of", "Republic of North Macedonia", "FYROM"],
    "MM": ["Burma"],
    "NL": ["Holland", "Hollande", "Holanda", "オランダ王国"],
    "PS": ["Palestine, State of", "State of Palestine"],
    "RU": ["Russian Federation", "Russische Föderation", "Fédération de Russie", "Federación de Rusia", "Federación Rusa",
           "ロシア連邦"],
    "SA": ["KSA", "Kingdom of Saudi Arabia"],
    "SH": ["Saint Helena, Ascension and Tristan da Cunha"],
    "SY": ["Syrian Arab Republic"],
    "SZ": ["Swaziland"],
    "TR": ["Turkey", "Republic of Türkiye"],
    "TW": ["Taiwan, Province of China", "Taiwan, R.O.C.", "Taiwan (ROC)", "中華民国"],
    "TZ": ["Tanzania, United Republic of", "United Republic of Tanzania"],
    "US": ["USA", "U.S.A.", "U.S.", "US of A", "United States of America", "The United States of America", "États-Unis d'Amérique",
           "Vereinigte Staaten von Amerika", "Estados Unidos de América", "EE. UU.", "EEUU", "EUA", "Etats Unis",
           "米国", "アメリカ", "アメリカ合衆国", "北米合衆国"],
    "VA": ["Holy See", "Holy See (Vatican City State)", "Vatican", "Vatican City State"],
    "VE": ["Venezuela, Bolivarian Republic of", "Bolivarian Republic of Venezuela"],
    "VG": ["Virgin Islands, British", "Virgin Islands (British)"],
    "VI": ["Virgin Islands, U.S.", "Virgin Islands (U.S.)", "US Virgin Islands"],
    "VN": ["Viet Nam", "Socialist Republic of Viet Nam"],
    "AU": ["Commonwealth of Australia", "豪州"],
    "CH": ["Swiss Confederation", "Schweizerische Eidgenossenschaft"],
    "CI": ["Ivory Coast"],
    "TL": ["East Timor"],
    "BA": ["Bosnia & Herzegovina", "Bosnia-Herzegovina"],
    "HK": ["Hong Kong", "香港"],
    "MO": ["Macau", "Macao", "マカオ", "澳門"],
    "IT": ["イタリア共和国"],
    "FR": ["フランス共和国"],
    "ES": ["スペイン王国"],
    "IN": ["インド共和国"],
}

# Texts that may be one of two countries, or a part of the world.
AMBIGUOUS = ["Korea", "Corea", "Corée", "Coréia", "Coreia", "朝鮮", "コリア", "Congo", "Kongo", "コンゴ", "刚果", "剛果", "콩고",
             "Virgin Islands", "America", "Amerika", "América", "Amérique", "Saint Martin", "St. Martin", "Sankt Martin",
             "San Martín", "Samoa Islands", "Micronesia Islands", "Antilles", "Sudan and South Sudan"]

# Unicode's white space and punctuation of the scripts in the tables, apart from ASCII.
PUNCTUATION = re.compile(
    "[\u0000-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u02b0-\u036f\u2000-\u206f\u3000-\u3004\u3006-\u303f\u30fb]"
)


def fold(name):
    """What two spellings of a name have in common: the same as `fold` in src/values/fold.rs."""
    return unicodedata.normalize("NFC", PUNCTUATION.sub("", unicodedata.normalize("NFKD", name).lower()))


def spellings(name, english):
    yield name
    for one, other in [("&", "and"), ("St.", "Saint"), ("Saint", "St.")]:
        if one in name:
            yield name.replace(one, other)
    without = re.sub(r"\s*[(（\[].*?[)）\]]", "", name)
    if without and without != name:
        yield without
    if english and len(name) > 3:
        yield from [f"the {name}", f"{name}, the"]


def territories(locale_names, locale):
    path = locale_names / "main" / locale / "territories.json"
    if not path.exists():
        return {}
    return json.loads(path.read_text())["main"][locale]["localeDisplayNames"]["territories"]


def countries(core, locale_names):
    codes = json.loads((core / "supplemental/codeMappings.json").read_text())["supplemental"]["codeMappings"]
    info = json.loads((core / "supplemental/territoryInfo.json").read_text())["supplemental"]["territoryInfo"]
    # The codes of ISO 3166-1: those with a number that are in the list of the product.
    listed = set(re.findall(r"[A-Z]{2}", (OUTPUT / "country_codes.txt").read_text()))
    ambiguous = {fold(name) for name in AMBIGUOUS}
    found, strong, spoiled = {}, set(), set()

    def add(name, code, weak=False, english=False):
        for spelling in spellings(name, english):
            key = fold(spelling)
            # Two letters are a code and are looked up as one.
            if len(key) < 2 or (len(key) == 2 and key.isascii() and key != "uk") or key in ambiguous or key in spoiled:
                continue
            other = found.setdefault(key, code)
            if other != code and not (weak and key in strong):
                print(f"ambiguous: {spelling!r} {other} {code}", file=sys.stderr)
                del found[key]
                spoiled.add(key)
            elif not weak:
                strong.add(key)

    def add_language(language, weak=False):
        for name, value in territories(locale_names, language).items():
            if name[:2] in listed and (len(name) == 2 or name[2] == "-"):
                add(value, name[:2], weak, english=language == "en")

    for code in sorted(listed):
        add(codes[code]["_alpha3"], code)
        for name in VARIANTS.get(code, []):
            add(name, code)
    for language in LANGUAGES:
        add_language(language)
    for code in sorted(listed):
        for language, facts in info.get(code, {}).get("languagePopulation", {}).items():
            if facts.get("_officialStatus") in ("official", "de_facto_official"):
                names = territories(locale_names, language.replace("_", "-"))
                for name, value in names.items():
                    if name[:2] == code and (len(name) == 2 or name[2] == "-"):
                        add(value, code, weak=True)
    for language in FURTHER_LANGUAGES:
        add_language(language, weak=True)
    lines = sorted(((name, code) for name, code in found.items()), key=lambda line: line[0].encode())
    write("country_names.txt", [f"{name}\t{code}" for name, code in lines])


def languages(core):
    aliases = json.loads((core / "supplemental/aliases.json").read_text())["supplemental"]["metadata"]["alias"]["languageAlias"]
    lines = (OUTPUT / "language_codes.txt").read_text().splitlines()
    codes = {line for line in lines if "\t" not in line}
    # Norwegian, of which Braze lists the two written forms: texts that are marked with the macrolanguage are Bokmål.
    meaning = {"no": "nb", "nor": "nb"} | {code: code for code in codes}
    for alias, facts in aliases.items():
        code = facts["_replacement"]
        if re.fullmatch("[a-z]{2,3}", alias) and facts["_reason"] in ("overlong", "bibliographic", "deprecated"):
            if alias not in codes and code in meaning:
                meaning.setdefault(alias, meaning[code])
    write("language_codes.txt", sorted(code if code == alias else f"{alias}\t{code}" for alias, code in meaning.items()))


def numbering_plans(metadata):
    plain = lambda text: re.sub(r"\s+", "", text or "")
    territories = list(ElementTree.parse(metadata).getroot().find("territories"))
    codes = [territory.get("countryCode") for territory in territories]
    lines = []
    for territory in territories:
        code = territory.get("countryCode")
        general = plain(territory.find("generalDesc/nationalNumberPattern").text)
        # North America: every number has an area code, and neither that nor what follows it begins with 0 or 1.
        if territory.get("id") in ("US", "CA"):
            general = r"[2-9]\d\d[2-9]\d{6}"
        lines.append("\t".join([
            territory.get("id"),
            code,
            "main" if territory.get("mainCountryForCode") or codes.count(code) == 1 else "",
            plain(territory.get("internationalPrefix")),
            plain(territory.get("nationalPrefixForParsing") or territory.get("nationalPrefix")),
            plain(territory.get("nationalPrefixTransformRule")),
            general,
        ]))
    write("numbering_plans.txt", sorted(lines))


def write(name, lines):
    (OUTPUT / name).write_text("\n".join(lines) + "\n")
    print(f"{name}: {len(lines)} lines, {(OUTPUT / name).stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    cldr_core, cldr_locale_names, phone_metadata = map(Path, sys.argv[1:])
    languages(cldr_core)
    countries(cldr_core, cldr_locale_names)
    numbering_plans(phone_metadata)
