"""The forms of certificates, size charts and persons: a file is looked into before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from catalog import person_rules
from catalog.models import Certificate, CompliancePerson, SizeChart
from catalog.services import compliance, compliance_files
from marketplace.kernel.errors import Refused


class FileForm(forms.ModelForm):
    """A row with one file, which is looked into before it is kept."""

    content: bytes = b""

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if not isinstance(upload, UploadedFile):
            return upload
        self.content = upload.read()
        try:
            self.inspect(self.content)
        except Refused as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return self.initial.get("file") or upload

    def save(self, commit: bool = True) -> Any:
        row = super().save(commit=False)
        if self.content:
            self.store(row, self.content)
        if commit:
            row.save()
        return row

    def inspect(self, content: bytes) -> None:
        """Raise `Refused` if this file cannot be kept here."""
        raise NotImplementedError

    def store(self, row: Any, content: bytes) -> None:
        """Put the file into the row."""
        raise NotImplementedError


class CertificateForm(FileForm):
    """A certificate of one of the kinds that the product's categories take."""

    #: The kinds to choose from; without a categorized listing the channel's id is written.
    kinds: Sequence[compliance.Kind] = ()

    class Meta:
        model = Certificate
        fields = ("external_id", "name", "file", "expires_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "external_id" not in self.fields:
            return
        kinds = self.kinds or compliance.kinds_for(self.instance.product_id or 0)
        self.fields["external_id"] = _kind_field(kinds, self.instance)
        self.fields["name"].required = False
        self.fields["name"].help_text = "Empty: the name of its kind"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kinds = self.kinds or compliance.kinds_for(self.instance.product_id or 0)
        kind = next((one for one in kinds if one.external_id == cleaned.get("external_id")), None)
        if not cleaned.get("name"):
            cleaned["name"] = kind.name if kind else "Certificate"
        if kind and kind.needs_expiry and "expires_on" in cleaned and not cleaned["expires_on"]:
            self.add_error("expires_on", f"The channel asks on which day “{kind.name}” expires.")
        return cleaned

    def inspect(self, content: bytes) -> None:
        compliance_files.inspect_certificate(content)

    def store(self, row: Certificate, content: bytes) -> None:
        compliance_files.store_certificate(row, content)


def _kind_field(kinds: Sequence[compliance.Kind], row: Certificate) -> forms.Field:
    """The kinds as choices, with what each must show; a kind no category asks for now stays."""
    if not kinds:
        return forms.CharField(
            label="Kind",
            max_length=60,
            initial=row.external_id,
            widget=UnfoldAdminTextInputWidget,
            help_text="The channel's id of it. Once a listing of this product has a category, the "
            "kinds that the channel knows can be chosen here.",
        )
    choices = [("", "Choose"), *((kind.external_id, kind.name) for kind in kinds)]
    if row.external_id and row.external_id not in dict(choices):
        choices.append((row.external_id, f"{row.name} (no category asks for it now)"))
    helps = format_html_join(" ", "{}", ((_kind_help(kind),) for kind in kinds))
    return forms.ChoiceField(
        label="Kind",
        choices=choices,
        initial=row.external_id,
        widget=UnfoldAdminSelectWidget,
        help_text=helps,
    )


def _kind_help(kind: compliance.Kind) -> SafeString:
    text = format_html("{}: {}", kind.name, kind.details or "no further words of the channel.")
    if not kind.sample_url.startswith(("http://", "https://")):
        return text
    return format_html(
        '{} <a class="text-primary-600 hover:underline" href="{}" rel="noopener" '
        'target="_blank">See a sample</a>.',
        text,
        kind.sample_url,
    )


class SizeChartForm(FileForm):
    class Meta:
        model = SizeChart
        fields = ("file",)

    def inspect(self, content: bytes) -> None:
        compliance_files.inspect_size_chart(content)

    def store(self, row: SizeChart, content: bytes) -> None:
        compliance_files.store_size_chart(row, content)


class PersonForm(forms.ModelForm):
    """A manufacturer or responsible person, each field checked by the rules of the channel."""

    stands_for_all = forms.BooleanField(
        label="The merchant's default",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Stands for every product that names none of its own, in place of the one that "
        "did before.",
    )

    class Meta:
        model = CompliancePerson
        fields = (
            "merchant", "kind", "name", "email", "phone_country_code", "phone_number", "street",
            "street2", "city", "province", "postal_code", "country",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("stands_for_all", self.instance.is_default)

    def clean_phone_number(self) -> str:
        return person_rules.tidy_phone(self.cleaned_data["phone_number"])

    def clean_phone_country_code(self) -> str:
        return person_rules.tidy_phone(self.cleaned_data["phone_country_code"])

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = {name: value for name, value in cleaned.items() if isinstance(value, str)}
        kind = given.get("kind", self.instance.kind)
        for name, sentence in person_rules.problems(kind, given).items():
            if name in cleaned:
                self.add_error(name, sentence)
        return cleaned
