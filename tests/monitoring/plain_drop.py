"""The statistic of drops written down plainly, as its formulas have it: what `app.monitoring.drop` must come to."""

from math import exp, log, sqrt

LAGS, SHIFT = 4, 0.5


def value(place, counts):
    return place / (len(counts) - 1)


def plain_w(cells, today, *, up=False):
    """W and h of one false alarm in four touchpoint-years, or None while there is too little to compare with."""
    if up:
        cells = [(day, part, source, counts[::-1]) for day, part, source, counts in cells]
    rate = sum(sum(c[3]) for c in cells if today - 28 <= c[0] < today) / 28
    start = today - int(min(max(300 / rate, 28), 84) if rate else 84)
    base = [c for c in cells if start - 112 <= c[0] < start and sum(c[3])]
    many = {s for s in {c[2] for c in base} if sum(sum(c[3]) for c in base if c[2] == s) >= 50}
    base = [c for c in base if c[2] in many]
    days = sorted({c[0] for c in base})
    if sum(sum(c[3]) for c in base) < 100 or len(days) < 14:
        return None
    q = shape(base)
    bm = sum(share * value(k, q) for k, share in enumerate(q))
    within = sum(share * value(k, q) ** 2 for k, share in enumerate(q)) - bm**2
    mu = usual(base, bm)
    rho = alike(base, days, mu, within)
    se = sqrt(within / sum(sum(c[3]) for c in base) + rho * within / len(days))
    w = 0.0
    recent = [c for c in cells if start <= c[0] <= today and c[2] in many]
    for day in range(start, today + 1):
        gain, n = 0.0, 0
        for c in (c for c in recent if c[0] == day):
            own = [b for b in base if b[2] == c[2]]
            s = shape(own) if sum(sum(b[3]) for b in own) >= 200 else q
            m0 = min(max(mu(c) - 0.5 * se, 0.02), 0.985)
            t0, t1 = (tilt(s, m) for m in (m0, min(max(m0 - SHIFT * sqrt(within), 0.005), 0.98)))
            both = [sum(share * exp(t * value(k, s)) for k, share in enumerate(s)) for t in (t1, t0)]
            gain += (t1 - t0) * total(c) - log(both[0] / both[1]) * sum(c[3])
            n += sum(c[3])
        w = max(0.0, w + gain / (1 + max(n - 1, 0) * rho))
    eff = rate / (1 + max(rate - 1, 0) * rho)
    return w, max(3.0, log(365 * eff * 4) - 4)


def shape(cells):
    counts = [sum(c[3][k] for c in cells) + 0.5 for k in range(len(cells[0][3]))]
    return [n / sum(counts) for n in counts]


def total(c):
    return sum(n * value(k, c[3]) for k, n in enumerate(c[3]))


def usual(base, bm):
    names = lambda c: (("source", c[2]), ("weekday", c[0] % 7), ("part", c[1]))  # noqa: E731
    effect = {name: 0.0 for c in base for name in names(c)}
    for _ in range(4):
        for kind, draw in (("source", 20), ("weekday", 150), ("part", 150)):
            for name in [name for name in effect if name[0] == kind]:
                own = [c for c in base if name in names(c)]
                rest = sum(total(c) - sum(c[3]) * (bm + sum(effect[x] for x in names(c) if x != name)) for c in own)
                effect[name] = rest / (sum(sum(c[3]) for c in own) + draw)
    return lambda c: bm + sum(effect.get(name, 0.0) for name in names(c))


def alike(base, days, mu, within):
    n = {d: sum(sum(c[3]) for c in base if c[0] == d) for d in days}
    r = {d: sum(total(c) - sum(c[3]) * mu(c) for c in base if c[0] == d) / n[d] for d in days}
    all_ = sum(n.values())
    n0 = (all_ - sum(k * k for k in n.values()) / all_) / (len(days) - 1)
    tau2 = max(0.0, (sum(n[d] * r[d] ** 2 for d in days) / (len(days) - 7) - within) / n0)
    weight = {d: n[d] / (1 + n[d] * tau2 / within) for d in days}
    shared = 0.0
    for j in range(1, LAGS + 1):
        pairs = [(d, d + j) for d in days if d + j in n]
        u = [sqrt(weight[a] * weight[b]) for a, b in pairs]
        shared += max(0.0, sum(k * r[a] * r[b] for k, (a, b) in zip(u, pairs, strict=True)) / sum(u)) if pairs else 0
    return max(tau2 + 2 * shared, 0.05**2 * within) / within


def tilt(q, mean):
    """By halving: the exponent at which the tilted shares have this mean."""
    low, high = -400.0, 400.0
    for _ in range(70):
        t = (low + high) / 2
        top = max(t, 0.0)
        shares = [share * exp(t * value(k, q) - top) for k, share in enumerate(q)]
        low, high = (t, high) if sum(x * value(k, q) for k, x in enumerate(shares)) < mean * sum(shares) else (low, t)
    return t
