"""Codes and short names of administrative regions."""

from __future__ import annotations

import re

LEVELS = ("province", "city", "county")

_PEOPLES = (
    "蒙古族|回族|藏族|维吾尔族|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克族|哈萨克|傣族|黎族|傈僳族|佤族|畲族|拉祜族|水族"
    "|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯族|锡伯|塔吉克|怒族|鄂温克族|德昂族|普米族|保安族|裕固族|独龙族"
    "|鄂伦春|鄂温克|各族|蒙古|壮族|回族|维吾尔"
)
_AUTONOMOUS = re.compile(rf"(?:{_PEOPLES})*自治[区州县旗]$")
_AUTONOMOUS_OF_ONE = re.compile(r"族?自治[区州县旗]$")  # 鄂伦春自治旗 is named after the people alone
_ENDING = re.compile(r"(?:特别行政区|省|市|地区|盟|新区|区|县)$")
_SHORTEST = 2


def full_code(code: str) -> str:
    """A code with the six digits of GB/T 2260: ``11`` is 110000, ``1101`` is 110100."""
    return code.ljust(6, "0")


def short_name(name: str) -> str:
    """The name as people say it: 内蒙古自治区 is 内蒙古, 延边朝鲜族自治州 is 延边, 浦东新区 is 浦东.

    An ending is dropped only when two characters are left; 市辖区 and the like stay whole.
    """
    if name.endswith("辖区") or "直辖" in name:
        return name
    for ending in (_AUTONOMOUS, _AUTONOMOUS_OF_ONE, _ENDING):
        cut = ending.sub("", name)
        if cut != name and len(cut) >= _SHORTEST:
            return cut
    return name
