"""What Casa Verde sells: coffee, tea, plants and what belongs on the table beside them."""

from __future__ import annotations

from typing import NamedTuple


class Product(NamedTuple):
    """One thing on the shelf; `price` in bani (hundredths of a leu)."""

    category: str
    name: str
    price: int


_SHELVES: dict[str, dict[str, int]] = {
    "coffee": {
        "Cafea măcinată de casă 250 g": 3250,
        "Cafea decofeinizată 250 g": 4400,
        "Cafea boabe Brazilia Santos 500 g": 6900,
        "Cafea boabe Etiopia Sidamo 500 g": 8450,
        "Cafea boabe Columbia Huila 500 g": 8900,
        "Cafea verde Guatemala 1 kg": 11900,
        "Filtru de cafea din sticlă": 14500,
    },
    "tea": {
        "Ceai de tei, flori întregi 50 g": 1850,
        "Ceai de mentă și lămâiță 50 g": 1990,
        "Ceai negru Ceylon 100 g": 3400,
        "Ceai verde Sencha 100 g": 4200,
        "Ceai alb cu iasomie 50 g": 5600,
        "Ceai Oolong de munte 75 g": 6400,
        "Cutie cu douăsprezece ceaiuri": 12900,
    },
    "plants": {
        "Busuioc în ghiveci": 1950,
        "Levănțică la ghiveci": 2900,
        "Orhidee albă, două tije": 8900,
        "Zamioculcas 60 cm": 11500,
        "Ficus lyrata 80 cm": 18900,
        "Monstera deliciosa 70 cm": 21900,
        "Măslin de terasă": 34900,
    },
    "ceramics": {
        "Cană de lut, două toarte": 3900,
        "Ghiveci smălțuit 14 cm": 4900,
        "Farfurie de Horezu 22 cm": 7500,
        "Ulcior de Corund": 9800,
        "Ceainic de porțelan 800 ml": 15900,
        "Set de șase căni pentru cafea": 23900,
    },
    "honey": {
        "Miere polifloră 400 g": 2400,
        "Miere de salcâm 400 g": 3300,
        "Miere de tei 400 g": 3500,
        "Miere cu nuci 300 g": 4100,
        "Fagure în ramă de lemn": 6800,
    },
    "candles": {
        "Lumânare cu scorțișoară": 2900,
        "Lumânare din ceară de albine": 3600,
        "Lumânare cu brad și portocală": 5200,
        "Sfeșnic de alamă": 12400,
    },
    "garden": {
        "Semințe de roșii Inimă de bou": 1250,
        "Pământ pentru flori 20 l": 2700,
        "Foarfecă de grădină": 7900,
        "Stropitoare emailată 3 l": 13900,
    },
}

CATEGORIES: tuple[str, ...] = tuple(_SHELVES)
PRODUCTS: tuple[Product, ...] = tuple(
    Product(category, name, price)
    for category, shelf in _SHELVES.items()
    for name, price in sorted(shelf.items(), key=lambda item: item[1])
)
"""Every product; those of a category stand together, the cheapest first."""
