"""What the demo shop sells: five departments, four families in each, eight things in each."""

from __future__ import annotations

from dataclasses import dataclass

COLORS = {
    "Black": (43, 45, 51), "Slate Blue": (84, 110, 150), "Forest Green": (62, 110, 83),
    "Coral": (226, 112, 95), "Mustard": (214, 164, 66), "Sand": (205, 186, 155),
    "Berry": (150, 62, 98), "Sky": (130, 178, 214),
}  # fmt: skip
SIZES = ("XS", "S", "M", "L", "XL")


@dataclass(frozen=True)
class Item:
    """One thing on sale."""

    name: str
    cents: int
    grams: int
    sentence: str


@dataclass(frozen=True)
class Family:
    """Things that belong in one listing category."""

    department: str
    tag: str
    code: str
    shape: str
    weight_unit: str
    choices: tuple[str, ...]
    styles: tuple[str, str]
    vendors: tuple[str, ...]
    sentence: str
    points: tuple[str, ...]
    care: str
    items: tuple[Item, ...]


def things(text: str) -> tuple[Item, ...]:
    """Read one thing per line: name | cents | grams | sentence."""
    rows = (line.split("|") for line in text.strip().splitlines())
    return tuple(
        Item(name.strip(), int(cents), int(grams), sentence.strip())
        for name, cents, grams, sentence in rows
    )


DOG = ("Harbor Hound", "Pawsmith", "North Kennel Co.")
KITCHEN = ("Ember & Oak", "Millstone Kitchen", "Table Nine")
APPAREL = ("Fieldline", "Common Thread", "Lakeshore Basics")
BEAUTY = ("Dew Lab", "Marigold Botanics", "Plain Skin")
TOYS = ("Tinker Fox", "Little Orbit", "Pine & Play")

FAMILIES = (
    Family(
        "Pet Supplies", "Dog toys", "DTOY", "bone", "oz", ("simple", "color"),
        ("Harbor", "Trail"), DOG,
        "Made for daily play with dogs of every size.",
        ("Tested with real chewers", "No small parts"),
        "Rinse with warm water and let it dry in the air.",
        things("""
        Rope Tug Toy | 1299 | 180 | A thick cotton rope with two knots that cleans teeth at play.
        Squeaky Ball Set | 999 | 210 | Three bouncy balls with a squeaker that survives the garden.
        Treat Puzzle Wheel | 2199 | 540 | Hide treats under the sliders and let the nose work.
        Chew Ring | 1099 | 160 | A ring of natural rubber, soft on teeth and hard to destroy.
        Floating Fetch Stick | 1499 | 230 | A bright stick that floats and is easy to see in water.
        Plush Fox | 1399 | 190 | A soft fox with a crinkly tail and a hidden squeaker.
        Snuffle Mat | 2699 | 620 | A fleece meadow that turns a meal into a search.
        Frisbee Disc | 1199 | 150 | A flexible disc that flies far and lands softly.
        """),
    ),
    Family(
        "Pet Supplies", "Dog collars and leashes", "DCOL", "ring", "oz", ("both", "size", "color"),
        ("Harbor", "Trail"), DOG,
        "The hardware is brushed steel and the seams are sewn twice.",
        ("Reflective stitching", "Quick-release buckle"),
        "Machine wash cold in a laundry bag.",
        things("""
        Webbing Dog Collar | 1599 | 95 | A light collar of recycled webbing that keeps its color.
        Padded Dog Harness | 3499 | 290 | A vest harness with two rings and a handle on the back.
        Hands-Free Running Leash | 2799 | 260 | A waist belt and a bungee leash for free hands.
        Leather Dog Collar | 3299 | 130 | Vegetable-tanned leather that softens with every walk.
        Long Training Line | 2399 | 410 | Ten meters of line for recall practice in the open.
        Double Dog Leash | 2999 | 320 | One handle, two dogs, and a swivel that never tangles.
        Cooling Bandana | 1299 | 70 | Wet it, wring it, and it cools for an hour.
        Rain Collar Cover | 899 | 40 | A waterproof sleeve that keeps a good collar dry.
        """),
    ),
    Family(
        "Pet Supplies", "Dog beds", "DBED", "cushion", "lb", ("size", "simple"),
        ("Fireside", "Meadow"), DOG,
        "Filled with shredded foam that springs back after a long night.",
        ("Cover zips off", "Non-slip base"),
        "Wash the cover at 30 °C; air the filling.",
        things("""
        Bolster Dog Bed | 5999 | 2100 | Raised sides for the dog who likes a pillow.
        Orthopedic Dog Mattress | 8999 | 3200 | Two layers of foam for older joints.
        Crate Pad | 2999 | 900 | A flat pad cut to fit common crates.
        Donut Cuddler Bed | 4499 | 1500 | A round nest of long faux fur.
        Elevated Dog Cot | 5499 | 3900 | A breathable cot that lifts your dog off the hot ground.
        Travel Roll-Up Bed | 3999 | 1100 | Rolls to the size of a sleeping bag.
        Cave Blanket Bed | 4999 | 1700 | Half bed and half tunnel for the dog who digs in.
        Car Seat Cover | 4599 | 1400 | A quilted hammock that keeps the back seat clean.
        """),
    ),
    Family(
        "Pet Supplies", "Dog grooming", "DGRO", "bottle", "g", ("simple",),
        ("Everyday", "Gentle"), DOG,
        "Short lists of ingredients and tools that fit the hand.",
        ("Made without parabens", "Suitable from twelve weeks"),
        "Keep away from eyes; store in a cool place.",
        things("""
        Oatmeal Dog Shampoo | 1499 | 520 | Calms dry skin and rinses out quickly.
        Slicker Brush | 1699 | 140 | Bent pins lift loose hair without scratching.
        Nail Clippers | 1399 | 120 | A guard stops the blade before the quick.
        Paw Balm | 1199 | 75 | Beeswax and shea for salted pavements and hot sand.
        Deshedding Comb | 1899 | 160 | Takes the undercoat and leaves the top coat.
        Ear Cleaning Wipes | 999 | 180 | Soft round wipes with aloe for weekly care.
        Dog Toothbrush Kit | 1099 | 110 | Two brushes and a mint paste dogs put up with.
        Quick-Dry Dog Towel | 1999 | 340 | A waffle towel that drinks up the lake.
        """),
    ),
    Family(
        "Home & Kitchen", "Drinkware", "KDRK", "mug", "oz", ("color", "simple"),
        ("Stoneware", "Studio"), KITCHEN,
        "Glazed by hand, so that no two are quite alike.",
        ("Safe in the dishwasher", "Packed in paper, no plastic"),
        "Safe in microwave and dishwasher.",
        things("""
        Coffee Mug | 1599 | 380 | A mug with a thumb rest and room for twelve ounces.
        Espresso Cup Pair | 1899 | 290 | Two small cups with thick walls that keep the crema warm.
        Travel Tumbler | 2799 | 340 | A double-walled tumbler with a lid that does not leak.
        Water Carafe | 3499 | 860 | A carafe that fits the door of the fridge.
        Tea Pot | 4299 | 980 | A pot for four cups with a basket for loose leaves.
        Cereal Mug | 1999 | 520 | Wide enough for soup, deep enough for cereal.
        Tasting Glass Set | 2999 | 720 | Four stemless glasses for wine or water.
        Cold Brew Bottle | 2499 | 610 | Fill it in the evening, pour it in the morning.
        """),
    ),
    Family(
        "Home & Kitchen", "Cookware", "KCOO", "pan", "lb", ("simple", "size"),
        ("Heritage", "Weeknight"), KITCHEN,
        "Heats evenly on gas, electric and induction.",
        ("Oven safe to 230 °C", "Riveted handle"),
        "Wash by hand and dry at once.",
        things("""
        Cast Iron Skillet | 3999 | 2350 | Seasoned with flax oil and ready for the first steak.
        Saucepan with Lid | 4499 | 1250 | Pouring lips on both sides and marks on the inside.
        Carbon Steel Wok | 5299 | 1600 | Light enough to toss, heavy enough to sear.
        Dutch Oven | 8999 | 4800 | For bread, stews and long Sundays.
        Roasting Pan | 5999 | 2100 | A deep pan with a rack for a whole bird.
        Griddle Plate | 4799 | 2900 | Smooth on one side and ridged on the other.
        Stock Pot | 6499 | 2300 | Eight quarts with a glass lid.
        Crêpe Pan | 3299 | 1050 | A low rim that lets the spatula in.
        """),
    ),
    Family(
        "Home & Kitchen", "Kitchen utensils", "KUTE", "spoon", "g", ("simple", "color"),
        ("Beechwood", "Studio"), KITCHEN,
        "Made to be used every day and to hang in sight.",
        ("Food-grade finish", "Hanging loop"),
        "Wash by hand; oil the wood now and then.",
        things("""
        Spatula Set | 1899 | 240 | Three spatulas for pans, bowls and cakes.
        Soup Ladle | 1199 | 150 | A deep bowl and a hook that rests on the rim.
        Measuring Cups | 1699 | 310 | Five cups with engraved marks that never wash off.
        Rolling Pin | 2299 | 620 | Tapered ends for round dough.
        Bench Scraper | 999 | 130 | Cuts dough and clears the board.
        Balloon Whisk | 1299 | 110 | Eleven wires for quick foam.
        Kitchen Tongs | 1399 | 160 | They lock with one hand and grip with care.
        Citrus Press | 1799 | 290 | Presses lemons and limes to the last drop.
        """),
    ),
    Family(
        "Home & Kitchen", "Food storage", "KSTO", "jar", "lb", ("size", "simple"),
        ("Pantry", "Airtight"), KITCHEN,
        "Clear walls and square sides that use every inch of the shelf.",
        ("Silicone seal", "Stacks safely"),
        "Lids by hand, jars in the dishwasher.",
        things("""
        Glass Storage Jar | 1499 | 640 | A jar with a bamboo lid for rice, oats and beans.
        Bento Lunch Box | 2299 | 480 | Two layers, three boxes and a band.
        Spice Jar Set | 2999 | 1350 | Twelve small jars with labels to write on.
        Bread Box | 4499 | 2400 | Keeps a loaf fresh for four days.
        Fridge Container Set | 3499 | 1500 | Six containers with vents for greens.
        Beeswax Wraps | 1699 | 90 | Five sheets that replace a roll of plastic.
        Compost Bin | 3299 | 1300 | A counter bin with a filter that stops smells.
        Oil Dispenser | 1999 | 560 | A bottle that pours a thread and never drips.
        """),
    ),
    Family(
        "Menswear & Womenswear", "T-shirts", "ATEE", "shirt", "oz", ("both",),
        ("Fieldline", "Weekend"), APPAREL,
        "Knitted from combed cotton and washed before it is cut.",
        ("Side seams", "Tagless neck"),
        "Machine wash cold, tumble dry low.",
        things("""
        Crew Neck T-Shirt | 1999 | 170 | The plain one that goes with all the others.
        Pocket T-Shirt | 2199 | 180 | A chest pocket and a slightly longer back.
        Long Sleeve T-Shirt | 2599 | 220 | Ribbed cuffs that stay where you push them.
        V-Neck T-Shirt | 1999 | 165 | A shallow V that sits flat.
        Striped T-Shirt | 2399 | 175 | Narrow stripes, dyed in the yarn.
        Boxy T-Shirt | 2299 | 190 | A wide cut in heavier jersey.
        Henley Shirt | 2799 | 210 | Three buttons and a soft hand.
        Ringer T-Shirt | 2199 | 175 | Contrast collar and cuffs, as on the playground.
        """),
    ),
    Family(
        "Menswear & Womenswear", "Hoodies", "AHOO", "hoodie", "lb", ("size", "both"),
        ("Fieldline", "Weekend"), APPAREL,
        "Brushed inside, smooth outside, and heavy enough for an evening.",
        ("Kangaroo pocket", "Metal eyelets"),
        "Wash inside out at 30 °C.",
        things("""
        Pullover Hoodie | 4999 | 620 | A hood with two layers that stands by itself.
        Zip Hoodie | 5499 | 680 | A sturdy zip from the bottom to the chin.
        Crew Sweatshirt | 4499 | 540 | A sweatshirt with a V stitch at the neck.
        Quarter Zip Fleece | 5299 | 510 | A collar for the wind and a zip for the sun.
        Half-Sleeve Hoodie | 4299 | 480 | For gyms, gardens and late summers.
        Sherpa Hoodie | 6499 | 780 | Lined with curly fleece down to the hem.
        Cropped Hoodie | 4499 | 490 | Ends at the waist, with a raw edge.
        Trail Hoodie | 5799 | 450 | A light hood with thumb holes that dries fast.
        """),
    ),
    Family(
        "Menswear & Womenswear", "Socks", "ASOC", "sock", "g", ("color", "simple"),
        ("Lakeshore", "Weekend"), APPAREL,
        "Merino where it matters and nylon where it wears.",
        ("Flat toe seam", "Arch band"),
        "Wash at 40 °C, do not iron.",
        things("""
        Hiking Socks | 1699 | 85 | A cushioned sole from heel to toe.
        Dress Socks | 1299 | 50 | Fine ribs that stay up all day.
        Ankle Socks Three-Pack | 1499 | 110 | Three pairs with a heel tab.
        House Socks | 1999 | 140 | Thick wool and small grips under the sole.
        Running Socks | 1599 | 60 | Thin on top for air and thick below for miles.
        Compression Socks | 2299 | 75 | For flights and long shifts.
        Ribbed Crew Socks | 1199 | 70 | The sock for white sneakers.
        No-Show Socks | 1099 | 40 | Low cut, with a band of silicone at the heel.
        """),
    ),
    Family(
        "Menswear & Womenswear", "Hats", "AHAT", "cap", "oz", ("color",),
        ("Lakeshore", "Fieldline"), APPAREL,
        "One size, with a strap or a stretch that fits most heads.",
        ("Lined brim", "Packable"),
        "Spot clean with a damp cloth.",
        things("""
        Baseball Cap | 2299 | 90 | Six panels of washed twill and a brass clip.
        Wool Beanie | 1999 | 85 | A double fold over the ears.
        Bucket Hat | 2499 | 100 | Stitched brim, two sides to wear.
        Sun Hat | 3299 | 150 | A wide brim with a cord for windy days.
        Corduroy Cap | 2599 | 105 | Wide cords and a low crown.
        Fisherman Beanie | 1899 | 75 | Short and ribbed, above the ears.
        Visor | 1799 | 65 | Shade for the eyes and air for the head.
        Trapper Hat | 3999 | 190 | Flaps that button up or down.
        """),
    ),
    Family(
        "Beauty & Personal Care", "Lip makeup", "BLIP", "lipstick", "g", ("color",),
        ("Velvet", "Sheer"), BEAUTY,
        "Pigments in plant oils, with a light scent of vanilla.",
        ("Vegan formula", "Refillable case"),
        "Close firmly and keep below 25 °C.",
        things("""
        Matte Lipstick | 1699 | 28 | One stroke covers and stays through lunch.
        Lip Gloss | 1299 | 24 | Shine without the stickiness.
        Tinted Lip Balm | 999 | 18 | A hint of color and a day of care.
        Lip Liner | 899 | 12 | A soft pencil that draws a clean edge.
        Liquid Lip Color | 1799 | 26 | Dries in a minute and lasts the evening.
        Lip Stain | 1499 | 22 | A wash of color that survives coffee.
        Lip Crayon | 1399 | 20 | Chubby, quick and forgiving.
        Satin Lipstick | 1799 | 28 | Creamy color with a soft glow.
        """),
    ),
    Family(
        "Beauty & Personal Care", "Face care", "BFAC", "dropper", "g", ("simple", "size"),
        ("Calm", "Daily"), BEAUTY,
        "A short list of ingredients that anyone can read.",
        ("Without fragrance", "Tested on sensitive skin"),
        "Patch test first; avoid contact with eyes.",
        things("""
        Hyaluronic Serum | 2499 | 95 | Holds water in the skin from morning to night.
        Vitamin C Serum | 2899 | 95 | A bright start for a tired face.
        Gel Cleanser | 1799 | 210 | Takes off the day and leaves the skin soft.
        Clay Mask | 1999 | 180 | Ten minutes on Sunday.
        Night Cream | 3299 | 140 | A rich cream with squalane and oats.
        Mineral Sunscreen | 2199 | 120 | Sheer zinc that leaves no white cast.
        Toner Mist | 1699 | 170 | Rose water and glycerin, from a fine spray.
        Eye Cream | 2699 | 45 | Caffeine and cucumber for short nights.
        """),
    ),
    Family(
        "Beauty & Personal Care", "Hair care", "BHAI", "pump", "lb", ("size", "simple"),
        ("Calm", "Daily"), BEAUTY,
        "Foams gently and smells of cedar and orange.",
        ("Without sulfates", "Bottle made of recycled plastic"),
        "Rinse well if it gets in the eyes.",
        things("""
        Moisture Shampoo | 1599 | 480 | For dry hair that tangles.
        Volume Conditioner | 1599 | 480 | Light care for fine hair.
        Repair Hair Mask | 2299 | 350 | Five minutes a week for broken ends.
        Argan Hair Oil | 1999 | 130 | Two drops tame a storm.
        Scalp Scrub | 2099 | 300 | Sea salt and tea tree against flakes.
        Curl Cream | 1899 | 280 | Defines curls and keeps them soft.
        Leave-In Spray | 1699 | 260 | Detangles wet hair in seconds.
        Solid Shampoo Bar | 1199 | 90 | Eighty washes in a tin.
        """),
    ),
    Family(
        "Beauty & Personal Care", "Bath and body", "BBOD", "soap", "oz", ("simple",),
        ("Botanic", "Daily"), BEAUTY,
        "Made in small batches with cold-pressed oils.",
        ("Biodegradable", "Made without palm oil"),
        "Keep dry between uses.",
        things("""
        Olive Soap Bar | 799 | 130 | A plain white bar that lasts a month.
        Body Lotion | 1499 | 330 | Sinks in before you are dressed.
        Bath Salts | 1799 | 560 | Epsom salt and lavender for long evenings.
        Sugar Body Scrub | 1899 | 320 | Raw sugar and almond oil.
        Hand Cream | 999 | 90 | For hands that wash often.
        Shower Gel | 1299 | 340 | Bergamot in the morning.
        Body Butter | 1999 | 250 | Whipped shea for elbows and knees.
        Bath Bomb Set | 1699 | 480 | Six bombs that fizz and color the water.
        """),
    ),
    Family(
        "Toys & Hobbies", "Puzzles", "TPUZ", "puzzle", "g", ("simple",),
        ("Pine & Play", "Rainy Day"), TOYS,
        "Cut from thick board that clicks and does not bend.",
        ("Printed with plant inks", "Linen bag inside"),
        "Keep dry; wipe with a dry cloth.",
        things("""
        Forest Jigsaw Puzzle | 1899 | 650 | A thousand pieces of trees and hidden foxes.
        World Map Puzzle | 1799 | 600 | Five hundred pieces and a continent each evening.
        Wooden Number Puzzle | 1499 | 420 | Ten numbers with pegs for small hands.
        Panorama City Puzzle | 2099 | 720 | A skyline, three feet wide.
        Animal Floor Puzzle | 1999 | 980 | Forty-eight large pieces for the carpet.
        Brain Teaser Cube | 1299 | 260 | Six wooden parts and one way to fit them.
        Alphabet Puzzle | 1599 | 510 | A train of letters from A to Z.
        Mystery Puzzle | 2299 | 690 | The picture on the box is not the one inside.
        """),
    ),
    Family(
        "Toys & Hobbies", "Plush toys", "TPLU", "bear", "oz", ("simple", "size"),
        ("Sleepy", "Little"), TOYS,
        "Soft enough for bed and sewn well enough for the playground.",
        ("Embroidered eyes", "Suitable from birth"),
        "Machine wash at 30 °C in a pillow case.",
        things("""
        Plush Bear | 1999 | 260 | A bear with long arms for hugging.
        Plush Rabbit | 1899 | 220 | Ears that are made to be held.
        Plush Elephant | 2199 | 310 | Corduroy ears and a trunk that bends.
        Plush Whale | 2299 | 340 | A pillow for long drives.
        Plush Owl | 1799 | 190 | Round, with wings for peekaboo.
        Plush Dinosaur | 2099 | 280 | Soft spikes and a friendly smile.
        Plush Sloth | 2199 | 290 | Hook-and-loop hands that hang from anything.
        Plush Penguin | 1899 | 230 | A scarf that comes off and gets lost.
        """),
    ),
    Family(
        "Toys & Hobbies", "Building toys", "TBUI", "blocks", "kg", ("simple",),
        ("Pine & Play", "Workshop"), TOYS,
        "Fits with other sets of the same name.",
        ("Rounded edges", "Solid beech"),
        "Wipe clean with a damp cloth.",
        things("""
        Wooden Block Set | 3499 | 1800 | Sixty blocks in eight shapes.
        Marble Run | 4499 | 2100 | Tracks, towers and thirty marbles.
        Magnetic Tile Set | 4999 | 1500 | Clear tiles that hold together with a click.
        Train Track Set | 3999 | 1900 | An eight, a bridge and a small engine.
        Gear Building Kit | 2999 | 1100 | Turn one wheel and all the others follow.
        Castle Building Kit | 5499 | 2600 | Walls, towers and a drawbridge that works.
        Rocket Building Kit | 2799 | 900 | Three stages and a place for a crew.
        Balance Stones | 2499 | 1300 | Twelve odd shapes for steady hands.
        """),
    ),
    Family(
        "Toys & Hobbies", "Toy vehicles", "TCAR", "car", "lb", ("color", "simple"),
        ("Workshop", "Little"), TOYS,
        "Rolls straight on wood, carpet and table tops.",
        ("Quiet wheels", "Water-based paint"),
        "Wipe clean with a damp cloth.",
        things("""
        Wooden Race Car | 1499 | 320 | A low car with room for one driver.
        Dump Truck | 2499 | 780 | Tips a whole load of sand.
        Fire Engine | 2699 | 820 | A ladder that reaches the sofa.
        Delivery Van | 1999 | 560 | Doors at the back and four parcels.
        Tractor with Trailer | 2799 | 900 | For hay, animals and biscuits.
        City Bus | 2199 | 690 | Six passengers who can sit and stand.
        Tow Truck | 2299 | 640 | A winch with a real crank.
        Camper Van | 2599 | 730 | The roof lifts to show two beds.
        """),
    ),
)  # fmt: skip
