"""TikTok Shop's error codes in plain words, each with what a merchant can do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """What went wrong, and the mend. `known` is false where only TikTok's own words exist."""

    title: str
    what_to_do: str
    known: bool = True


_CHOOSE_LEAF = "Choose one of the most specific categories, at the end of the tree."
_APPLY = "Apply in the Qualification Center of Seller Center, or choose another category."
_APPLY_BRAND = (
    "Hand in the brand's authorization in the Qualification Center of Seller Center, "
    "or remove the brand from the listing."
)
_UPLOAD_AGAIN = "Upload the picture again from the product's Images section."
_RATIO = "Use a square picture, or one of 4:3 or 3:4."
_OPTIONS = "Open the product's options and give every variant its own combination of values."
_IDENTIFIER = "Check the identifier on the product's page."
_CHECK_WAREHOUSE = "Check the warehouse in Seller Center, then refresh the shop's warehouses here."
_SHIPPED = "Nothing to do: TikTok Shop already has a shipment for it."
_PARCEL = "Check its weight and size, correct them and try again."
_ADDRESS = "Ask the buyer to correct the address, or cancel the order with that reason."
_TRACKING = "Check the tracking number and the carrier, correct them and send again."
_APP = "Ask the person who runs this installation to check the app's settings."
_AUTHORIZE = "Open Integrations and connect the shop again."
_WAIT = "Nothing to do: it is tried again by itself."
_CHART_AGAIN = "Upload a size chart of at least 1,024 pixels on its shorter side."
_CHOOSE_PERSON = "Choose one on the product's page, or make one the merchant's default."
_MEND_PERSON = "Correct it under Manufacturers & persons, then publish again."
_TELL_AGAIN = "Use “Tell channels again” under Manufacturers & persons, then publish again."
_FEWER_PERSONS = "Delete some in Seller Center, then publish again."

#: code: (what went wrong, what to do)
WORDS: dict[int, tuple[str, str]] = {
    # Categories and their forms
    12052023: ("The category no longer exists", "Choose the category again."),
    12052024: ("The category is too general", _CHOOSE_LEAF),
    12052230: ("The category is not one that can be sold in", _CHOOSE_LEAF),
    12052217: ("The category belongs to another region's tree", "Choose the category again."),
    12052220: ("Selling in this category is prohibited", "Choose another category."),
    12052223: ("The category is by invitation only", _APPLY),
    12052226: ("The category is by invitation only", _APPLY),
    12052225: (
        "The category lies outside the shop's main category",
        "Ask your account manager at TikTok Shop, or choose another category.",
    ),
    12052227: ("The shop may not sell in this category", _APPLY),
    12052104: (
        "A required property is missing",
        "Fill in every property that the category marks as required.",
    ),
    12052182: ("A property that another answer makes required is missing", "Fill it in."),
    12052183: ("A property that another answer makes required is missing", "Fill it in."),
    12052240: ("A property takes only the listed values", "Choose one of its suggested values."),
    12052246: ("A property takes one value only", "Keep one value for it."),
    12052247: ("A property takes only the listed values", "Choose one of its suggested values."),
    12052105: (
        "A certification is missing",
        "Upload the certificate on the product's page, under Certificates.",
    ),
    12052673: (
        "The size chart is missing",
        "Upload a size chart on the product's page, under Size chart.",
    ),
    12052670: ("The size chart is not one that TikTok Shop keeps", _CHART_AGAIN),
    12019116: ("A picture has too few or too many pixels", _CHART_AGAIN),
    12052385: (
        "A certificate has expired or has no expiry date",
        "Upload the renewed certificate on the product's page, with its date.",
    ),
    12052655: (
        "The category does not ask for one of the certificates",
        "Choose the certificate's kind again on the product's page.",
    ),
    12052282: ("The manufacturer is missing", _CHOOSE_PERSON),
    12052287: ("The responsible person in the EU is missing", _CHOOSE_PERSON),
    12052284: ("TikTok Shop does not know the manufacturer", _TELL_AGAIN),
    12052285: ("The manufacturer belongs to another seller", _TELL_AGAIN),
    12052289: ("TikTok Shop does not know the responsible person", _TELL_AGAIN),
    12052290: ("The responsible person belongs to another seller", _TELL_AGAIN),
    12052365: ("The manufacturer is not known in this market's language", _TELL_AGAIN),
    12052366: ("The responsible person is not known in this market's language", _TELL_AGAIN),
    # Manufacturers and responsible persons
    38023022: ("The name of the responsible person is not valid", _MEND_PERSON),
    38023024: ("The address of the responsible person is not valid", _MEND_PERSON),
    38023026: ("The responsible person is not in the EU", _MEND_PERSON),
    38023027: ("TikTok Shop keeps no more responsible persons", _FEWER_PERSONS),
    38023028: ("The responsible person's telephone is not in the EU", _MEND_PERSON),
    38023032: ("TikTok Shop keeps no more manufacturers", _FEWER_PERSONS),
    38023033: ("The name of the manufacturer is not valid", _MEND_PERSON),
    38023034: ("The address of the manufacturer is not valid", _MEND_PERSON),
    38023041: ("A telephone number is too short or too long", _MEND_PERSON),
    38023042: ("An e-mail address is not valid", _MEND_PERSON),
    38023043: ("An address is too long", _MEND_PERSON),
    38023044: ("A name is too long", _MEND_PERSON),
    38023046: ("A telephone's country code is not valid", _MEND_PERSON),
    38023051: ("TikTok Shop no longer knows this person", _TELL_AGAIN),
    # Texts
    12052051: ("The title is too long", "Shorten it to 255 characters."),
    12052261: ("The title is missing", "Write a title."),
    12052262: ("The title contains Chinese characters", "Write it in the shop's language."),
    12052931: (
        "The title contains characters that are not allowed",
        "Remove emoji, HTML codes and long runs of one character.",
    ),
    12052013: ("The description is too long", "Shorten it to 10,000 characters."),
    12052015: ("The description is missing", "Write a description."),
    12052932: (
        "The description contains characters that are not allowed",
        "Remove emoji, HTML codes and long runs of one character.",
    ),
    # Brand
    12052026: ("The brand does not exist on TikTok Shop", "Choose another brand or none."),
    12052201: ("The shop is not authorized to sell this brand here", _APPLY_BRAND),
    12052208: ("The brand needs an authorization", _APPLY_BRAND),
    12052205: ("The brand exists already", "Choose it from the list."),
    # Pictures
    12052028: ("The primary picture is missing", "Add a picture to the product."),
    12052300: ("A picture is not one that TikTok Shop keeps", _UPLOAD_AGAIN),
    12052301: ("A picture is too small", "Use one of at least 300 by 300 pixels."),
    12052304: ("The format of a picture is not allowed", "Use a JPG, PNG or WEBP file."),
    12052305: ("The shape of a picture is not allowed", _RATIO),
    12052306: ("There are too many pictures", "Keep at most nine."),
    12052524: ("The shape of a variant's picture is not allowed", _RATIO),
    12038004: ("The format of a picture is not allowed", "Use a JPG, PNG or WEBP file."),
    12038015: ("The format of a picture is not allowed", "Use a JPG, PNG or WEBP file."),
    12038005: ("A picture's file is too large", "Use a file of at most 10 MB."),
    12038002: ("A picture's file is empty or damaged", "Upload another file."),
    12038014: ("A picture has too few or too many pixels", "Use 300 to 4,000 pixels a side."),
    # Variants and identifiers
    12019117: ("The options of the variants are missing", _OPTIONS),
    12052525: ("There are too many options", "Keep at most three, such as color and size."),
    12052550: ("A variant lacks one of the options", _OPTIONS),
    12052559: ("Two variants are the same", _OPTIONS),
    12052560: ("Two variants have the same options", _OPTIONS),
    12052591: ("An identifier has the wrong number of digits", _IDENTIFIER),
    12052592: ("The identifier is used by another variant", _IDENTIFIER),
    12052593: (
        "The identifier cannot be changed any more",
        "Put the identifier back that was published first.",
    ),
    # Price, weight, size
    12052073: ("The price is not valid", "Correct the price."),
    12052570: ("The price is outside what TikTok Shop allows", "Correct the price."),
    12052084: ("The currency is not the shop's", "Give the price in the shop's currency."),
    12019045: ("The price is locked", "Wait until the promotion has ended."),
    12052038: ("The price is locked by a promotion", "Wait until the promotion has ended."),
    12052181: ("The weight is zero", "Enter the weight of the packed product."),
    12052116: ("The package's dimensions are not valid", "Correct length, width and height."),
    12052915: (
        "Weight and dimensions use different systems of units",
        "Use pounds with inches, or kilograms with centimeters.",
    ),
    # Stock and warehouses
    12052055: ("The quantity is outside what TikTok Shop allows", "Use 1 to 99,999."),
    12052096: ("No warehouse is assigned to a variant", _CHECK_WAREHOUSE),
    12052097: ("The warehouse does not exist", _CHECK_WAREHOUSE),
    12052530: ("The warehouse belongs to another shop", _CHECK_WAREHOUSE),
    12052531: ("The warehouse is disabled", _CHECK_WAREHOUSE),
    12052532: ("The warehouse is not one that sells", _CHECK_WAREHOUSE),
    12052535: (
        "The shop has no return warehouse",
        "Add a return warehouse in Seller Center, then publish again.",
    ),
    12052516: ("A warehouse of the variant was left out", _CHECK_WAREHOUSE),
    12052037: ("The quantity was not accepted", _CHECK_WAREHOUSE),
    12052144: (
        "The stock of a TikTok warehouse cannot be set from here",
        "Send the goods to Fulfilled by TikTok instead.",
    ),
    # Product and shop
    12052093: (
        "The shop's limit of new products for today is reached",
        "Publish it again tomorrow, or ask TikTok Shop to raise the limit.",
    ),
    12052260: ("The product no longer exists on TikTok Shop", "Publish it again as a new one."),
    12052901: (
        "The product's state on TikTok Shop does not allow this",
        "Look at the product in Seller Center, then try again.",
    ),
    12052990: ("TikTok Shop's check found a problem", "See the reasons below."),
    12052700: ("The shop is not active", "Look at the shop's state in Seller Center."),
    12052703: ("The shop's tax number is not valid", "Correct it in Seller Center."),
    # Orders and shipping
    21011006: ("The order is already shipped", _SHIPPED),
    21011020: ("The order is already shipped", _SHIPPED),
    21011040: ("The package is already shipped", _SHIPPED),
    11006021: ("The package is already shipped", _SHIPPED),
    21011022: ("The tracking number does not fit the carrier", _TRACKING),
    11028006: ("No carrier knows this tracking number", _TRACKING),
    21011025: ("The tracking number is already in use", _TRACKING),
    21011026: ("The tracking number is used for too many orders", _TRACKING),
    21011050: ("The time to correct the tracking number has passed", "Tell the buyer."),
    21011051: ("The tracking number was corrected once already", "Tell the buyer."),
    21011052: ("The tracking number was corrected too often", "Tell the buyer."),
    21011048: (
        "The order has several packages",
        "Ship it by line: choose the items that are in this parcel.",
    ),
    21011004: ("The order is not shipped by the seller", "Make the label in Seller Center."),
    21011030: ("The package is delivered already", "Nothing to do."),
    21011027: ("The package is delivered already", "Nothing to do."),
    21011043: ("The package is not shipped yet", "Wait until it is shipped, then correct it."),
    21011049: ("TikTok Shop lets nobody change this tracking number", "Tell the buyer."),
    11021009: ("No shipping service takes this parcel", _PARCEL),
    21011037: ("No shipping service takes this parcel", _PARCEL),
    11021012: ("The address cannot be delivered to", _ADDRESS),
    11021010: ("The postal code cannot be delivered to", _ADDRESS),
    11021024: ("The buyer's address cannot be delivered to", _ADDRESS),
    11021014: ("The parcel is too large", _PARCEL),
    11021015: ("The parcel is too heavy", _PARCEL),
    21004008: ("The shipping service is not offered any more", "Choose another service."),
    21022025: ("A label was bought already", _SHIPPED),
    21008042: ("A label was printed already", _SHIPPED),
    21022026: ("The label could not be bought", "Try again later."),
    21004006: ("An invoice is missing", "Upload the order's invoice in Seller Center first."),
    21011053: ("The pickup time is not free any more", "Choose another pickup time."),
    21011054: ("A pickup time is missing", "Choose a pickup time."),
    11034002: ("The seller ships this parcel with a label of their own", "Print it there."),
    11034037: ("The label is still being made", "Look again in a few minutes."),
    21023035: ("The parcel is not arranged yet", "Get its label first."),
    21042104: ("The parcel is not arranged yet", "Get its label first."),
    21042102: ("The parcel was picked up: its label cannot be printed any more", "Nothing to do."),
    21023059: ("The parcel was canceled", "Do not ship it."),
    21008043: ("TikTok Shop fulfills this parcel itself", "Nothing to do."),
    21042057: ("The order is not waiting for shipment", "Look at the order in Seller Center."),
    21008025: ("TikTok Shop fulfills this order itself", "Nothing to do."),
    10007014: ("The package is on hold", "Wait until the buyer's hour to cancel has passed."),
    21008044: ("The buyer has asked for a cancellation", "Answer the request first."),
    21011007: ("The buyer has asked for a cancellation", "Answer the request first."),
    21021010: ("The buyer has asked for a cancellation", "Answer the request first."),
    21011041: ("The order is canceled", "Do not ship it."),
    21011042: ("The order is canceled", "Do not ship it."),
    25001021: ("The reason does not fit the order's state", "Choose another reason."),
    25005010: ("Single items of this order cannot be canceled", "Cancel the whole order."),
    # The connection
    36009002: ("TikTok Shop received too many requests", _WAIT),
    36009003: ("TikTok Shop had an internal error", _WAIT),
    36009007: ("TikTok Shop did not answer in time", _WAIT),
    36009033: ("This server's address is not allowed by the app", _APP),
    36009043: ("The shop is disabled", "Look at the shop's state in Seller Center."),
    36009044: ("The seller is disabled", "Look at the account's state in Seller Center."),
    101000: ("The authorization does not fit this shop", _AUTHORIZE),
    105002: ("The authorization has expired", _AUTHORIZE),
    105004: ("The app may not be used in this shop's region", _APP),
    105005: ("The app lacks a permission that this needs", _APP),
    106001: ("TikTok Shop does not accept the app's signature", _APP),
    106013: ("The request did not say for which shop it is", _AUTHORIZE),
    36004001: ("The authorization has expired", _AUTHORIZE),
    36004004: ("The authorization was not completed in time", _AUTHORIZE),
}


def explain(code: int | str, message: str = "") -> Explanation:
    """Return what an error code means and how it is mended, or TikTok Shop's own words."""
    number = int(code) if str(code).isdigit() else 0
    if number in WORDS:
        title, what_to_do = WORDS[number]
        return Explanation(title, what_to_do)
    title = message.strip().rstrip(".") or "TikTok Shop gave an error without words"
    return Explanation(
        title, "If it stays, give TikTok Shop's support the request number.", known=False
    )
