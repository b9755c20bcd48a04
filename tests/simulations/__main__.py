"""What the claims of docs/numbers.md are worth: `python -m tests.simulations`, some minutes, from fixed seeds."""

from tests.simulations import claims, effect, silences
from tests.simulations.draws import SHAPES, World

TRIALS = 1000
DEPENDENT = ((0, 0), (0.1, 0), (0.1, 0.5), (0.2, 0), (0.2, 0.5))


def main() -> None:
    print("A day | tau, phi | trend wrong, plainly, a fall of 0.3 found | interval covers, plain")
    for rate in (5, 50, 500):
        for tau, phi in DEPENDENT:
            found = claims.trend(World(rate, tau, phi, week=True), TRIALS)
            covers, plain = claims.coverage(World(rate, tau, phi), TRIALS)
            print(
                f"{rate} | {tau}, {phi} | {found.wrong:.1f}, {found.plain:.1f}, {found.power:.0f} | "
                f"{covers:.1f}, {plain:.1f}",
                flush=True,
            )
    print("Mail from 20 to 50 %, a day: wrong, plainly, told as a shift of the mix")
    for rate in (4, 11, 54):
        found, told = claims.mix(rate, TRIALS)
        print(f"{rate} | {found.wrong:.1f}, {found.plain:.1f}, {told:.0f}", flush=True)
    print("Few answers (now, before): wrong, plainly")
    for sizes in ((1, 5), (1, 1000), (10, 10), (10, 1000)):
        found = claims.few(*sizes, SHAPES["skew"], 4 * TRIALS)
        print(f"{sizes} | {found.wrong:.1f}, {found.plain:.1f}", flush=True)
    print("A screen of 50 with a false `falling`: wrong, plainly, falls of 0.5 found")
    for tau, phi in ((0, 0), (0.1, 0), (0.1, 0.5)):
        found = claims.page(tau, phi, TRIALS // 5)
        print(f"{tau}, {phi} | {found.wrong:.1f}, {found.plain:.1f}, {found.power:.0f}", flush=True)
    print("A month exactly at its target: decided on any day, at the end, any day plainly; reached when 0.25 above")
    for rate in (5, 50, 500):
        for tau, phi in ((0, 0), (0.1, 0.5)):
            month = claims.target(World(rate, tau, phi, week=True), TRIALS // 2)
            print(
                f"{rate} | {tau}, {phi} | {month.early:.1f}, {month.end:.1f}, {month.plain:.1f}, {month.power:.0f}",
                flush=True,
            )
    print(*silences.long(), sep="\n", flush=True)
    effect.main()


if __name__ == "__main__":
    main()
