"""What a channel is, told from its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from eupnea.config.dataset import ChannelRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from eupnea.config.dataset import DatasetConfig

RESPIRATION_KINDS = ("airflow", "nasal_pressure", "thermistor", "belt", "co2")
CARDIAC_KINDS = ("ecg", "ppg", "rr", "heart_rate")
NOT_SIGNALS = ("trigger", "time", "ignore")


class CommonName(NamedTuple):
    """A name that devices commonly give a channel."""

    pattern: str
    kind: str
    site: str = ""


_COMMON_NAMES = (
    CommonName(r"(.*[ _-])?(trig|trigger|triggers|ttl|sync|stim|status)([ _-]?\d*)", "trigger"),
    CommonName(r"(time|timestamps?|seconds)([ _]*[\[(]?m?s[\])]?)?", "time"),
    CommonName(r"(eda|gsr|emg|eog|temp|temperature|acc.*|spo2|eeg.*)", "ignore"),
    CommonName(r"(nose|nasal)[ _-]?(air)?flow|(air)?flow[ _-]?(nose|nasal)", "airflow", "nasal"),
    CommonName(r"(mouth|oral)[ _-]?(air)?flow|(air)?flow[ _-]?(mouth|oral)", "airflow", "oral"),
    CommonName(r"(air)?[ _-]?flow", "airflow"),
    CommonName(r"(nasal[ _-]?press(ure)?|cannula|cannula[ _-]?flow|nasal[ _-]?cannula)", "nasal_pressure", "nasal"),
    CommonName(r"therm(istor|ocouple)?([ _-]?(flow|airflow))?", "thermistor", "oronasal"),
    CommonName(r"(et)?[ _-]?co2([ _-]?\w*)?|capno(graph(y)?|gram|metry)?", "co2"),
    CommonName(r"(resp[ _-]?)?(thor(ax|acic)?|chest)([ _-]?(belt|effort|resp|rip))?", "belt", "chest"),
    CommonName(r"(resp[ _-]?)?abdo(men|minal)?([ _-]?(belt|effort|resp|rip))?", "belt", "abdomen"),
    CommonName(r"(resp[ _-]?)?(belt|rip|respitrace)|rsp[ _-]?belt", "belt"),
    CommonName(r"((ecg|ekg)([ _:-].*|\d*)|.*[ _]ecg)", "ecg"),
    CommonName(r"(ppg|pleth(ysmo(graph(y)?|gram))?|photopleth\w*|pulse([ _-]?ox(imeter)?)?|bvp)([ _-].*|\d*)", "ppg"),
    CommonName(r"(rri?|ibi|nn)([ _-]?(intervals?|series))?([ _]*[\[(]?m?s[\])]?)?", "rr"),
    CommonName(r"(hr|heart[ _-]?rate|bpm)([ _]*[\[(]?bpm[\])]?)?", "heart_rate"),
)
_LEADS = CommonName(r"ML(I|II|III)|I|II|III|AV[RLF]|V\d|CM5|CC5", "ecg")
_RESPIRATORY = re.compile(r"(resp|rsp|respir\w*|breath(ing)?)([ _,:-].*|\d*)", re.IGNORECASE)
_CARDIAC = re.compile(r"cardiac", re.IGNORECASE)
_LEAD_FORMATS = ("wfdb", "edf", "matlab")


def rule_for(
    channel: str,
    dataset: DatasetConfig,
    *,
    rules: Iterable[ChannelRule] = (),
    reader: str = "",
    told: Mapping[str, str] | None = None,
) -> ChannelRule | None:
    """Return what a channel is, or None when nothing tells.

    Parameters
    ----------
    channel
        Its name in the file.
    dataset
        Its `channels` come before the common names; `cardiac` and `respiratory` say what those names are.
    rules
        Rules of the recordings table for this file; they come first.
    reader
        Name of the reader: bare ECG leads (``MLII``, ``V5``) count in formats of clinical devices only.
    told
        Kind, site and polarity that the file itself gives; they come after the rules and before the common names.
    """
    for rule in (*rules, *dataset.channels):
        if re.fullmatch(rule.pattern, channel, re.IGNORECASE):
            return rule
    told = told or {}
    found = _common_rule(channel, dataset, reader)
    if "kind" in told:
        found = ChannelRule.model_validate({"pattern": ".*", "kind": told["kind"]})
    return found and found.model_copy(update={key: told[key] for key in ("site", "polarity") if key in told})


def _common_rule(channel: str, dataset: DatasetConfig, reader: str) -> ChannelRule | None:
    if _CARDIAC.fullmatch(channel):
        return ChannelRule(pattern=".*", kind=dataset.cardiac)
    names = (*_COMMON_NAMES, _LEADS) if reader in _LEAD_FORMATS else _COMMON_NAMES
    for name in names:
        if re.fullmatch(name.pattern, channel, re.IGNORECASE):
            return ChannelRule.model_validate({"pattern": ".*", "kind": name.kind, "site": name.site})
    if _RESPIRATORY.fullmatch(channel):
        return ChannelRule(pattern=".*", kind=dataset.respiratory)
    return None
