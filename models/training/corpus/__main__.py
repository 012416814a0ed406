"""Prints documents, to read them."""
import argparse

from . import DOMAINS, document


def main() -> None:
    ap = argparse.ArgumentParser(prog="python3 -m corpus")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--docs", type=int, default=20)
    ap.add_argument("--first", type=int, default=0)
    ap.add_argument("--domain", choices=list(DOMAINS))
    a = ap.parse_args()
    for i in range(a.first, a.first + a.docs):
        domain, text = document(a.seed, i, a.domain)
        print(f"--- {i} {domain}\n{text}")


if __name__ == "__main__":
    main()
