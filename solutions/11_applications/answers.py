# %% [markdown]
# Answers to the exercises of stage 11.

# %% right="make_encoder" name="one class for each kind, in short"
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% right="make_encoder" name="row by row, without pads"
class RowByRow(nn.Module):
    """Each row is read alone, without its pads: then nothing is left to mask."""

    def __init__(self, kind, input_dim, memory_dim):
        super().__init__()
        self.kind = kind
        if kind == "convolution":
            self.net = nn.Sequential(
                nn.Conv1d(input_dim, 2 * memory_dim, 5, padding=2), nn.GELU(), nn.Conv1d(2 * memory_dim, memory_dim, 1)
            )
        elif kind == "gru":
            self.net = nn.GRU(input_dim, memory_dim, num_layers=2)
        elif kind == "bigru":
            self.net = nn.GRU(input_dim, memory_dim // 2, bidirectional=True)
        else:
            self.linear = nn.Linear(input_dim, memory_dim)
            self.net = nn.TransformerEncoder(
                nn.TransformerEncoderLayer(memory_dim, 4, 64, dropout=0.0, norm_first=True),
                num_layers=2,
                norm=nn.LayerNorm(memory_dim),
                enable_nested_tensor=False,
            )
            t = torch.arange(64.0).unsqueeze(1)
            w = 100 ** (-torch.arange(0, memory_dim, 2) / memory_dim)
            self.register_buffer("places", torch.stack([(t * w).sin(), (t * w).cos()], dim=2).flatten(1))

    def row(self, x):  # [n, I]
        if self.kind == "convolution":
            return self.net(x.T.unsqueeze(0))[0].T
        if self.kind in ("gru", "bigru"):
            return self.net(x)[0]
        return self.net((self.linear(x) + self.places[: len(x)]).unsqueeze(1))[:, 0]

    def forward(self, x, mask):
        rows = [F.pad(self.row(r[:n]), (0, 0, 0, x.shape[1] - n)) for r, n in zip(x, mask.sum(dim=1).tolist())]
        return torch.stack(rows)


def make_encoder(kind, input_dim, memory_dim):
    if kind not in ("convolution", "gru", "bigru", "transformer"):
        raise ValueError("Kinds are: 'convolution', 'gru', 'bigru', 'transformer'.")
    return RowByRow(kind, input_dim, memory_dim)


# %% right="make_encoder" name="cells, unfold and attention by hand"
def make_encoder(kind, input_dim, memory_dim):
    class Conv(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = nn.Parameter(torch.randn(memory_dim, input_dim, 3) / (3 * input_dim) ** 0.5)
            self.b = nn.Parameter(torch.zeros(memory_dim))
            self.V = nn.Parameter(torch.randn(memory_dim, memory_dim, 3) / (3 * memory_dim) ** 0.5)
            self.c = nn.Parameter(torch.zeros(memory_dim))

        def forward(self, x, mask):
            pads = ~mask.unsqueeze(2)
            x = F.pad(x.masked_fill(pads, 0.0), (0, 0, 1, 1)).unfold(1, 3, 1)  # [B, S, I, 3]
            u = torch.relu(torch.einsum("bsik,mik->bsm", x, self.W) + self.b).masked_fill(pads, 0.0)
            u = F.pad(u, (0, 0, 1, 1)).unfold(1, 3, 1)
            return (torch.einsum("bsik,mik->bsm", u, self.V) + self.c).masked_fill(pads, 0.0)

    class Walk(nn.Module):
        def __init__(self, ways):
            super().__init__()
            self.size = memory_dim // ways
            self.cells = nn.ModuleList([nn.GRUCell(input_dim, self.size) for _ in range(ways)])

        def forward(self, x, mask):
            B, S, _ = x.shape
            halves = []
            for way, cell in enumerate(self.cells):
                h, states = x.new_zeros(B, self.size), [None] * S
                for t in range(S) if way == 0 else reversed(range(S)):
                    h = torch.where(mask[:, t : t + 1], cell(x[:, t], h), 0.0)
                    states[t] = h
                halves.append(torch.stack(states, dim=1))
            return torch.cat(halves, dim=2)

    class Look(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside = nn.Linear(input_dim, memory_dim)
            self.place = nn.Embedding(64, memory_dim)
            nn.init.zeros_(self.place.weight)
            self.norm1, self.norm2 = nn.LayerNorm(memory_dim), nn.LayerNorm(memory_dim)
            self.q, self.k, self.v, self.o = (nn.Linear(memory_dim, memory_dim) for _ in range(4))
            self.mlp = nn.Sequential(nn.Linear(memory_dim, 32), nn.Tanh(), nn.Linear(32, memory_dim))

        def forward(self, x, mask):
            B, S, _ = x.shape
            x = self.inside(x) + self.place.weight[:S]
            y = self.norm1(x)
            q, k, v = (f(y).view(B, S, 4, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
            scores = (q @ k.transpose(2, 3)) / q.shape[3] ** 0.5
            weights = scores.masked_fill(~mask[:, None, None, :], -torch.inf).softmax(dim=3)
            x = x + self.o((weights @ v).transpose(1, 2).flatten(2))
            x = x + self.mlp(self.norm2(x))
            return torch.where(mask.unsqueeze(2), x, 0.0)

    if kind == "convolution":
        return Conv()
    if kind == "gru":
        return Walk(1)
    if kind == "bigru":
        return Walk(2)
    if kind == "transformer":
        return Look()
    raise ValueError(f"unknown kind {kind}: use convolution, gru, bigru or transformer")


# %% right="make_encoder" name="one class, other layers inside"
class Encoder(nn.Module):
    def __init__(self, kind, input_dim, memory_dim):
        super().__init__()
        self.kind = kind
        self.inside = nn.Linear(input_dim, memory_dim)
        self.outside = nn.Linear(memory_dim, memory_dim)
        if kind == "convolution":
            self.one = nn.Conv1d(memory_dim, 3 * memory_dim, 5, padding="same", bias=False)
            self.outside = nn.Linear(3 * memory_dim, memory_dim)
        elif kind == "gru":
            self.one = nn.GRU(memory_dim, memory_dim, batch_first=True)
        elif kind == "bigru":
            self.one = nn.GRU(memory_dim, 2 * memory_dim, batch_first=True)
            self.two = nn.GRU(memory_dim, 2 * memory_dim, batch_first=True)
            self.outside = nn.Linear(4 * memory_dim, memory_dim)
        else:
            self.places = nn.Parameter(torch.zeros(64, memory_dim))
            self.norm = nn.LayerNorm(memory_dim)
            self.one = nn.MultiheadAttention(memory_dim, 2, batch_first=True)

    def forward(self, x, mask):
        real = mask.unsqueeze(2).float()
        x = self.inside(x) * real
        if self.kind == "convolution":
            h = self.one(x.mT).mT.sigmoid()
        elif self.kind == "gru":
            h = self.one(x)[0]
        elif self.kind == "bigru":
            n, t = mask.sum(dim=1, keepdim=True), torch.arange(x.shape[1])
            turn = torch.where(mask, n - 1 - t, t)
            rows = torch.arange(len(x)).unsqueeze(1)
            h = torch.cat([self.one(x)[0], self.two(x[rows, turn])[0][rows, turn]], dim=2)
        else:
            x = self.norm(x + self.places[: x.shape[1]])
            h = x + self.one(x, x, x, key_padding_mask=~mask, need_weights=False)[0]
        return self.outside(h) * real


def make_encoder(kind, input_dim, memory_dim):
    kinds = ["convolution", "gru", "bigru", "transformer"]
    if kind not in kinds:
        raise ValueError(f"kind must be one of {kinds}")
    return Encoder(kind, input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, no mask between" says="The convolution sets pads to 0 in x and in the result, but not between its two layers. What the first layer writes at a pad is read by the second."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu()
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, mask at the end alone" says="The convolution sets only its result to 0 at pads. The states beside them have read what stands there."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2)).relu()
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, x not masked" says="The first layer of the convolution reads whatever stands at pads: only what comes out of it is set to 0 there."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2)).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="one conv layer" says="There is one convolution of width 3. A state depends on places at most one away, and two are asked for."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        return (self.conv1(x.transpose(1, 2) * m) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, width 5 twice" says="Two layers of width 5 reach four places to each side. At most two are asked for."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 5, padding=2)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 5, padding=2)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, left side alone" says="All of the padding stands on the left. The convolution looks back four places, and not two to both sides."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(F.pad(x.transpose(1, 2) * m, (2, 0))).relu() * m
        return (self.conv2(F.pad(h, (2, 0))) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="conv, no padding" says="The convolutions have no padding. Each of them makes the row two places shorter."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu()
        return self.conv2(h).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="batch norm" says="There is a batch norm between the convolutions. A row's states then depend on the other rows, and on train() or eval()."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.norm = nn.BatchNorm1d(memory_dim)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.norm(self.conv1(x.transpose(1, 2) * m)).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="gru of both directions" says="The kind gru reads in both directions. Its states then depend on later places, and the backward half also on pads."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="gru, states at pads" says="The GRU goes on at pads, and its states there are not set to 0."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0]


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="gru without batch_first" says="batch_first=True is missing in the kind gru. It walks along the batch and not along the row."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="bigru not packed" says="The bidirectional GRU is not packed. Its way back starts at the last column, and reads the pads first."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        return self.gru(x * mask.unsqueeze(2))[0] * mask.unsqueeze(2)


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="bigru twice as wide" says="Each direction of bigru has memory_dim numbers. Side by side they are 2 · memory_dim: take half for each."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="enforce_sorted" says="enforce_sorted=False is missing. Packing then refuses rows that do not stand from the longest to the shortest."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="total_length forgotten" says="total_length is missing in pad_packed_sequence. It gives only as many columns as the longest row has real places."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True)[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="padding mask inverted" says="src_key_padding_mask gets mask itself. There, True marks a pad: the real places are hidden, and the pads are read."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="no padding mask" says="The Transformer gets no src_key_padding_mask: the real places attend to pads."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="no positions" says="Nothing tells the Transformer where a place stands. The same vectors in another order get the same states."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x)
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="causal transformer" says="The Transformer has a causal mask. Each place sees only earlier ones, and all real places are asked for."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        return self.layer(h, src_mask=later, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="dropout left on" says="The Transformer layer keeps its dropout of 0.1. In train() mode each call gives other states."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="positions divided by S" says="The place is given as t / S. With more pads S grows, and the same place gets another vector."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Linear(1, memory_dim)
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places(torch.arange(x.shape[1]).unsqueeze(1) / x.shape[1])
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="a layer that is never used" says="The Transformer makes a linear layer and never calls it. Its weights get no gradient."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.out = nn.Linear(memory_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="frozen positions" says="The vectors of the places are a parameter with requires_grad=False. It never learns. Numbers that shall not learn are a buffer."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim), requires_grad=False)
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="x changed" says="The convolution writes its zeros into x, which belongs to the caller."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        x.data[~mask] = 0.0
        h = self.conv1(x.transpose(1, 2)).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="KeyError" says="A kind that is not in the dictionary gives a KeyError. A ValueError that names the four kinds is asked for."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="a message without the kinds" says="The ValueError says which kind is unknown, but not which four there are."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"unknown kind {kind!r}")
    return readers[kind](input_dim, memory_dim)


# %% wrong="make_encoder" name="transformer for all others" says="Every kind that is none of the first three becomes a Transformer. Another kind gets a ValueError."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    return readers.get(kind, Transformer)(input_dim, memory_dim)


# %% wrong="make_encoder" name="one for all calls" says="An encoder is made once and given to all later calls of this kind and these sizes. Two models would learn with the same weights."
class Convolution(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.conv1 = nn.Conv1d(input_dim, memory_dim, 3, padding=1)
        self.conv2 = nn.Conv1d(memory_dim, memory_dim, 3, padding=1)

    def forward(self, x, mask):
        m = mask.unsqueeze(1)
        h = self.conv1(x.transpose(1, 2) * m).relu() * m
        return (self.conv2(h) * m).transpose(1, 2)


class Gru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim, batch_first=True)

    def forward(self, x, mask):
        return self.gru(x)[0] * mask.unsqueeze(2)


class BiGru(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.gru = nn.GRU(input_dim, memory_dim // 2, batch_first=True, bidirectional=True)

    def forward(self, x, mask):
        packed = nn.utils.rnn.pack_padded_sequence(x, mask.sum(1), batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=x.shape[1])[0]


class Transformer(nn.Module):
    def __init__(self, input_dim, memory_dim):
        super().__init__()
        self.linear = nn.Linear(input_dim, memory_dim)
        self.places = nn.Parameter(torch.randn(64, memory_dim))
        self.layer = nn.TransformerEncoderLayer(memory_dim, 4, 2 * memory_dim, dropout=0.0, batch_first=True)

    def forward(self, x, mask):
        h = self.linear(x) + self.places[: x.shape[1]]
        return self.layer(h, src_key_padding_mask=~mask) * mask.unsqueeze(2)


made = {}


def make_encoder(kind, input_dim, memory_dim):
    readers = {"convolution": Convolution, "gru": Gru, "bigru": BiGru, "transformer": Transformer}
    if kind not in readers:
        raise ValueError(f"{kind!r} is none of {', '.join(readers)}")
    key = kind, input_dim, memory_dim
    if key not in made:
        made[key] = readers[kind](input_dim, memory_dim)
    return made[key]


# %% right="EncoderDecoder" name="words shifted first, and a cumulative sum"
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        told = torch.cat([torch.full_like(y[:, :1], START), y[:, :-1]], dim=1)
        state = self.decoder.start(x, memory, mask)
        steps = []
        for word in told.unbind(dim=1):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            steps.append((logits.unsqueeze(1), alpha.unsqueeze(1)))
        logits, maps = zip(*steps)
        return torch.cat(logits, dim=1), torch.cat(maps, dim=1)

    def generate(self, x, mask, max_len):
        with torch.no_grad():
            memory = self.encoder(x, mask)
            state = self.decoder.start(x, memory, mask)
            ids, maps = torch.empty(mask.shape[0], 0, dtype=torch.long), []
            word = torch.tensor([START] * mask.shape[0])
            for _ in range(max_len):
                logits, state, alpha = self.decoder.step(word, state, memory, mask)
                word = logits.max(dim=1).indices
                ids = torch.cat([ids, word[:, None]], dim=1)
                maps.append(alpha)
                if (ids == E).any(dim=1).all():
                    break
        ends = (ids == E).long()
        behind = ends.cumsum(dim=1) - ends > 0
        return torch.where(behind, P, ids), torch.where(behind[:, :, None], 0.0, torch.stack(maps, 1))


# %% right="EncoderDecoder" name="places made before, and the rest cut off"
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        B, T = y.shape
        logits = maps = None
        for t in range(T):
            word = y[:, t - 1] if t > 0 else torch.ones(B, dtype=torch.int64) * START
            z, state, alpha = self.decoder.step(word, state, memory, mask)
            if t == 0:
                logits, maps = z.new_zeros(B, T, z.shape[1]), alpha.new_zeros(B, T, alpha.shape[1])
            logits[:, t], maps[:, t] = z, alpha
        return logits, maps

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        B = mask.size(0)
        ids, maps = torch.zeros(B, max_len, dtype=torch.int64), None
        word, open_rows = torch.full((B,), START), set(range(B))
        t = 0
        while t < max_len and open_rows:
            z, state, alpha = self.decoder.step(word, state, memory, mask)
            if maps is None:
                maps = alpha.new_zeros(B, max_len, alpha.shape[1])
            word = z.argmax(dim=-1)
            for b in sorted(open_rows):
                ids[b, t], maps[b, t] = word[b], alpha[b]
                if word[b].item() == E:
                    open_rows.remove(b)
            t += 1
        return ids[:, :t], maps[:, :t]


# %% right="EncoderDecoder" name="one generator for both"
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def _steps(self, x, mask, word):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        while True:
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = yield logits, alpha

    def forward(self, x, mask, y):
        steps = self._steps(x, mask, y.new_full((len(y),), START))
        pairs = [next(steps)]
        for t in range(y.shape[1] - 1):
            pairs.append(steps.send(y[:, t]))
        return torch.stack([z for z, _ in pairs], dim=1), torch.stack([a for _, a in pairs], dim=1)

    def generate(self, x, mask, max_len):
        with torch.no_grad():
            steps = self._steps(x, mask, torch.full(mask.shape[:1], START))
            going = torch.ones(len(mask), dtype=torch.bool)
            logits, alpha = next(steps)
            ids, maps = [], []
            while True:
                word = torch.where(going, logits.argmax(1), P)
                ids.append(word)
                maps.append(torch.where(going[:, None], alpha, torch.zeros_like(alpha)))
                going = going & (word != E)
                if len(ids) == max_len or not going.any():
                    break
                logits, alpha = steps.send(word)
            return torch.stack(ids).T.contiguous(), torch.stack(maps).transpose(0, 1)


# %% right="EncoderDecoder" name="evaluation mode, put back, and einsum"
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    def generate(self, x, mask, max_len):
        before = self.training
        self.eval()
        try:
            with torch.no_grad():
                memory = self.encoder(x, mask)
                state = self.decoder.start(x, memory, mask)
                word = torch.full((len(mask),), START)
                open_rows = [torch.ones(len(mask), dtype=torch.bool)]
                ids, maps = [], []
                while len(ids) < max_len and bool(open_rows[-1].any()):
                    logits, state, alpha = self.decoder.step(word, state, memory, mask)
                    word = torch.sort(logits, dim=1, descending=True).indices[:, 0]
                    ids.append(word)
                    maps.append(alpha)
                    open_rows.append(open_rows[-1] & word.ne(E))
                here = torch.stack(open_rows[:-1], dim=1)
                ids, maps = torch.stack(ids, dim=1), torch.stack(maps, dim=1)
                return ids * here + P * ~here, torch.einsum("bts,bt->bts", maps, here.to(maps.dtype))
        finally:
            self.train(before)


# %% wrong="EncoderDecoder" name="peeks" says="Step t of forward is told y[:, t], the very word that it is asked for. It has only to repeat it."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            word = y[:, t]
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="peeks after step 0" says="From step 1 on, forward tells the writer y[:, t]. Step t is to be told y[:, t - 1]."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, min(t + 1, y.shape[1] - 1)]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="P first" says="The first word that the writer is told is P. It is START."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.zeros_like(y[:, 0])
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.zeros(len(mask), dtype=torch.int64)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="E first" says="The first word that the writer is told is E. It is START."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], E)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), E)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="P first in forward" says="forward tells the writer P in step 0, generate tells it START. Both begin with START."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.zeros_like(y[:, 0])
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="START only" says="Each step of forward is told START. From step 1 on it is told the word before, y[:, t - 1]."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="own words in forward" says="forward tells the writer its own words. In training it is told the right ones, y."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = logits.argmax(dim=1)
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="T - 1 steps" says="forward takes y[:, 0] for START and makes T - 1 steps. Here y has no START: there are T steps."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = y[:, 0]
        for t in range(1, y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="y changed" says="forward shifts the words inside y itself. y is an argument, and must stay as it is."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        y[:, 1:] = y[:, :-1].clone()
        y[:, 0] = START
        for t in range(y.shape[1]):
            word = y[:, t]
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="steps first" says="The steps are stacked along dimension 0: [T, B, …] in place of [B, T, …]."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=0), torch.stack(maps, dim=0)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=0), torch.stack(maps, dim=0)


# %% wrong="EncoderDecoder" name="maps steps first" says="The maps are stacked along dimension 0: [T, B, S] in place of [B, T, S]."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps)


# %% wrong="EncoderDecoder" name="steps last" says="The steps are stacked along the last dimension: [B, V, T] and [B, S, T]."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=-1), torch.stack(maps, dim=-1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="squeezed" says="squeeze() at the end of forward drops each dimension of size 1: with one row, one place or one word the shape is wrong."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1).squeeze(), torch.stack(maps, dim=1).squeeze()

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="float32" says="The results of forward are made float32. They have the dtype that the writer gives them."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1).float(), torch.stack(maps, dim=1).float()

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="softmax" says="forward gives log-probabilities. The writer's logits come back as they are."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(torch.log_softmax(logits, dim=1))
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="pads silenced" says="The logits of forward are set to 0 where y is P. They come back as the writer gave them; which ones count is the loss's affair."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits * (y[:, t] != P).unsqueeze(1))
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="state not handed on" says="Each step gets the state of start. It must get the one that the step before gave."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, _, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, _, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="start in each step" says="start is called before each step: the writer begins anew each time, and has no memory of the steps before."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            state = self.decoder.start(x, memory, mask)
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            state = self.decoder.start(x, memory, mask)
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="encoder in each step" says="The encoder is called in each step. x does not change: to read it once is enough."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            memory = self.encoder(x, mask)
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            memory = self.encoder(x, mask)
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="encoder without mask" says="The encoder is not told the mask: it is encoder(x, mask)."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="mask turned round" says="The encoder gets ~mask. Its mask is True at real places, like all masks here."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, ~mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, ~mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="no start" says="start is never called: the first step gets None as its state."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = None
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = None
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="mean of the memory" says="The steps get the mean of the memory. The writer looks at all places, so it needs the whole memory."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory.mean(dim=1, keepdim=True), mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory.mean(dim=1, keepdim=True), mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="state detached" says="state.detach() takes for granted that the state is a tensor. It may be a tuple, a dictionary or None, and the gradient flows through it."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word, state = y[:, t], state.detach()
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="state made a tensor" says="The state is made a tensor. It may be a tuple of anything, a dictionary or None: hand it on as it is."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            state = torch.as_tensor(state)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            state = torch.as_tensor(state)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="left in evaluation mode" says="generate switches to evaluation mode and leaves the model in it. The mode must stay as it was."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        self.eval()
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="gradients recorded" says="generate records gradients: torch.no_grad() is missing."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="sampling" says="generate draws each word at random. It takes the likeliest one."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = torch.multinomial(torch.softmax(logits, dim=1), 1).squeeze(1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="told x" says="Step t of generate is told the word of x at place t - 1. It is told what it wrote itself."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(said)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (said == E)
            word = x[:, min(len(ids), x.shape[1]) - 1]
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="one E stops all" says="generate ends as soon as one row has written E. It ends when all have."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.any():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="all E at once" says="generate waits for a step in which all rows write E at once. Each row has its own last step."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if (logits.argmax(dim=1) == E).all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="row 0 decides" says="generate ends when row 0 has written E. It ends when all rows have."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done[0]:
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="never stops" says="generate always makes max_len steps. It ends with the step at which the last row has written E."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="filled up to max_len" says="The results of generate are filled up to max_len. T is the number of steps that were needed."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        rest = max_len - len(ids)
        return F.pad(torch.stack(ids, dim=1), (0, rest)), F.pad(torch.stack(maps, dim=1), (0, 0, 0, rest))


# %% wrong="EncoderDecoder" name="one step too many" says="generate looks whether all rows have ended one step too late: there is a last column of P."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            if done.all():
                break
            done = done | (word == E)
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="max_len and one more" says="generate makes max_len + 1 steps where no E comes."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len + 1):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="START written" says="ids begins with START. Only what the writer wrote belongs to it."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return F.pad(torch.stack(ids, dim=1), (1, 0), value=START), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="no P behind E" says="What the writer says behind a row's first E is kept in ids. P is to stand there."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="maps behind E" says="Behind a row's first E the maps of the writer are kept. They are to be maps of zeros."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha)
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="E taken away" says="The E itself is replaced by P. Only what stands behind it is taken away."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word.masked_fill(word == E, P))
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="ids are floats" says="ids holds floats. They are int64."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    @torch.no_grad()
    def generate(self, x, mask, max_len):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1).float(), torch.stack(maps, dim=1)


# %% wrong="EncoderDecoder" name="gradients off for good" says="generate switches gradients off and not on again: nothing that comes later can learn."
class EncoderDecoder(nn.Module):
    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, mask, y):
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        said, maps = [], []
        word = torch.full_like(y[:, 0], START)
        for t in range(y.shape[1]):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            said.append(logits)
            maps.append(alpha)
            word = y[:, t]
        return torch.stack(said, dim=1), torch.stack(maps, dim=1)

    def generate(self, x, mask, max_len):
        torch.set_grad_enabled(False)
        memory = self.encoder(x, mask)
        state = self.decoder.start(x, memory, mask)
        ids, maps = [], []
        word = torch.full((len(mask),), START)
        done = torch.zeros(len(mask), dtype=torch.bool)
        for _ in range(max_len):
            logits, state, alpha = self.decoder.step(word, state, memory, mask)
            word = logits.argmax(dim=1).masked_fill(done, P)
            ids.append(word)
            maps.append(alpha.masked_fill(done.unsqueeze(1), 0.0))
            done = done | (word == E)
            if done.all():
                break
        return torch.stack(ids, dim=1), torch.stack(maps, dim=1)


# %% right="pointer_distribution" name="one-hot and einsum"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V = vocabulary.size(1)
    X = max(V, source_ids.max().item() + 1)
    stands = F.one_hot(source_ids, num_classes=X).to(alpha.dtype)  # [B, S, X]
    copied = torch.einsum("b,bs,bsx->bx", 1 - p_gen, alpha, stands)
    written = torch.einsum("b,bv->bv", p_gen, vocabulary)
    return torch.cat([written + copied[:, :V], copied[:, V:]], dim=1)


# %% right="pointer_distribution" name="two loops"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V = vocabulary.shape[1]
    rows = []
    X = max(V, max(max(row) for row in source_ids.tolist()) + 1)
    for b, ids in enumerate(source_ids.tolist()):
        row = [p_gen[b] * vocabulary[b, w] for w in range(V)]
        row += [torch.zeros_like(p_gen[b]) for _ in range(X - V)]
        for s, w in enumerate(ids):
            row[w] = row[w] + (1 - p_gen[b]) * alpha[b, s]
        rows.append(torch.stack(row))
    return torch.stack(rows)


# %% right="pointer_distribution" name="word by word"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    columns = []
    for w in range(max(V, int(source_ids.max()) + 1)):
        copied = torch.where(source_ids == w, alpha, 0.0).sum(dim=1)
        written = vocabulary[:, w] if w < V else torch.zeros_like(p_gen)
        columns.append(torch.lerp(copied, written, p_gen))
    return torch.stack(columns, dim=1)


# %% right="pointer_distribution" name="index_put with accumulate"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    X = max(V, int(source_ids.amax()) + 1)
    rows = torch.arange(B)[:, None].expand_as(source_ids)
    out = vocabulary.new_zeros(B, X)
    out[:, :V] = p_gen[:, None] * vocabulary
    return out.index_put((rows, source_ids), (1 - p_gen)[:, None] * alpha, accumulate=True)


# %% right="pointer_distribution" name="one long row"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    X = max(V, source_ids.max().item() + 1)
    places = (source_ids + X * torch.arange(B).view(B, 1)).reshape(-1)
    known = (torch.arange(V) + X * torch.arange(B).view(B, 1)).reshape(-1)
    flat = torch.zeros(B * X, dtype=alpha.dtype)
    flat = flat.index_add(0, places, ((1 - p_gen).view(B, 1) * alpha).reshape(-1))
    return flat.index_add(0, known, (p_gen.view(B, 1) * vocabulary).reshape(-1)).view(B, X)


# %% right="pointer_distribution" name="weights and words in one row"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    p = p_gen.reshape(B, 1)
    numbers = torch.cat([p * vocabulary, (1 - p) * alpha], dim=1)
    ids = torch.cat([torch.arange(V).repeat(B, 1), source_ids], dim=1)
    return torch.zeros(B, int(ids.max()) + 1, dtype=numbers.dtype).scatter_reduce(1, ids, numbers, "sum")


# %% right="pointer_distribution" name="a product of matrices, divided by its sum"
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    # The sum is 1 already, for all weights, words and p_gen: to divide by it changes nothing.
    V = vocabulary.shape[-1]
    X = max(V, int(source_ids.max()) + 1)
    same = (source_ids.unsqueeze(-1) == torch.arange(X)).to(alpha)
    copied = torch.bmm(alpha.unsqueeze(1), same).squeeze(1)
    result = F.pad((vocabulary.T * p_gen).T, (0, X - V)) + (copied.T * (1 - p_gen)).T
    return result / result.sum(dim=1, keepdim=True)


# %% wrong="pointer_distribution" name="scatter" says="The weight replaces what stood there, as scatter or result[b, w] = … in a loop does. The part that is written is lost, and of a word that stands twice only one weight is left. Add: scatter_add."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="+= at an index" says="result[rows, ids] += … reads, adds and writes once: of a word that stands twice only one weight is left. scatter_add, or index_put with accumulate=True, adds them all."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    X = max(V, int(source_ids.max()) + 1)
    result = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - V))
    rows = torch.arange(B).unsqueeze(1)
    result[rows, source_ids] += (1 - p_gen).unsqueeze(1) * alpha
    return result


# %% wrong="pointer_distribution" name="p_gen at the places" says="p_gen and 1 - p_gen are exchanged: p_gen belongs to the vocabulary, the rest to the places."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad((1 - p_gen).unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, p_gen.unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="all weights added" says="alpha is added without its factor 1 - p_gen, so the rows sum to more than 1."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, alpha)


# %% wrong="pointer_distribution" name="softmax of the vocabulary" says="vocabulary is taken for logits and goes through a softmax. It holds probabilities already: another softmax makes them more equal."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * torch.softmax(vocabulary, dim=1), (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="softmax of alpha" says="alpha is taken for scores and goes through a softmax once more. Then the weights are more equal, and pads get some, too."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * torch.softmax(alpha, dim=1))


# %% wrong="pointer_distribution" name="the logarithm" says="The logarithm of the probabilities comes back. The probabilities themselves are asked for."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha).log()


# %% wrong="pointer_distribution" name="X is V" says="The result has only V columns, and an unknown word has an id that is not there: scatter_add fails."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    return (p_gen.unsqueeze(1) * vocabulary).scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="unknown words dropped" says="Unknown words are left out, and the result has only V columns. They are the words that copying is for."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    known = source_ids < vocabulary.shape[1]
    copied = (1 - p_gen).unsqueeze(1) * torch.where(known, alpha, 0.0)
    return (p_gen.unsqueeze(1) * vocabulary).scatter_add(1, torch.where(known, source_ids, 0), copied)


# %% wrong="pointer_distribution" name="unknown words dropped, renormalised" says="The weights of unknown words are set to 0 and each row is divided by its sum. This hides that a part of the probability is gone: it belongs to the unknown words."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V = vocabulary.shape[1]
    X = max(V, int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - V))
    copied = (1 - p_gen).unsqueeze(1) * torch.where(source_ids < V, alpha, 0.0)
    result = written.scatter_add(1, source_ids, copied)
    return result / result.sum(dim=1, keepdim=True)


# %% wrong="pointer_distribution" name="unknown words are the last one" says="The ids of unknown words are cut down to V - 1: their weights go to the last known word."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V = vocabulary.shape[1]
    X = max(V, int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - V))
    return written.scatter_add(1, source_ids.clamp(max=V - 1), (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="a column for each place" says="X is V + S, as if each place had an unknown word of its own. The largest id says how many columns there are."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = vocabulary.shape[1] + source_ids.shape[1]
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="place s is column s" says="The weight of place s goes to column s. It belongs to the column of the word that stands there, source_ids[b, s]."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V, S = vocabulary.shape[1], alpha.shape[1]
    X = max(V, int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - V))
    return written + F.pad((1 - p_gen).unsqueeze(1) * alpha, (0, X - S))


# %% wrong="pointer_distribution" name="X from row 0" says="The number of columns comes from row 0 alone. An unknown word may stand in any row."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids[0].max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="p_gen along the words" says="p_gen * vocabulary puts the rows' numbers along the words. With as many rows as words there is no error; else there is one. It takes p_gen.unsqueeze(1)."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="p_gen along the places" says="(1 - p_gen) * alpha puts the rows' numbers along the places. With as many rows as places there is no error; else there is one. It takes unsqueeze(1)."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen) * alpha)


# %% wrong="pointer_distribution" name="the mean of p_gen" says="The mean of p_gen is used for all rows. Each row has its own number."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.mean() * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen.mean()) * alpha)


# %% wrong="pointer_distribution" name="no pad" says="Column 0 is set to 0, since a pad is no word. But the weights of pads are 0 already, and what the decoder gives to id 0 stays: the row has to sum to 1."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    result = written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)
    result[:, 0] = 0
    return result


# %% wrong="pointer_distribution" name="one row squeezed" says="squeeze() without a dimension takes away the batch as well, if it has one row. squeeze(1) takes away dimension 1 only."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    V = vocabulary.shape[1]
    X = max(V, int(source_ids.max()) + 1)
    stands = F.one_hot(source_ids, X).to(alpha.dtype)
    copied = torch.bmm(alpha.unsqueeze(1), stands).squeeze()
    return (F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - V)) + (1 - p_gen).unsqueeze(1) * copied).squeeze()


# %% wrong="pointer_distribution" name="float32 always" says="The result begins as torch.zeros(B, X), which is float32. Arguments in float64 lose half of their digits there."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    result = torch.zeros(B, max(V, int(source_ids.max()) + 1))
    result[:, :V] = p_gen.unsqueeze(1) * vocabulary
    for b in range(B):
        for s in range(alpha.shape[1]):
            result[b, source_ids[b, s]] += (1 - p_gen[b]) * alpha[b, s]
    return result


# %% wrong="pointer_distribution" name="vocabulary in place" says="vocabulary *= … writes into the caller's tensor. vocabulary * … makes a new one."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    vocabulary *= p_gen.unsqueeze(1)
    written = F.pad(vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha)


# %% wrong="pointer_distribution" name="detached" says="The result is detached: no gradient reaches the arguments."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    written = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    return written.scatter_add(1, source_ids, (1 - p_gen).unsqueeze(1) * alpha).detach()


# %% wrong="pointer_distribution" name="alpha as plain numbers" says=".item() makes a plain number of each weight. The result is right, but no gradient reaches alpha: the network does not learn where to look."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, S = alpha.shape
    X = max(vocabulary.shape[1], int(source_ids.max()) + 1)
    result = F.pad(p_gen.unsqueeze(1) * vocabulary, (0, X - vocabulary.shape[1]))
    for b in range(B):
        for s in range(S):
            result[b, source_ids[b, s]] += (1 - p_gen[b]) * alpha[b, s].item()
    return result


# %% wrong="pointer_distribution" name="by logarithms" says="The two parts are added by their logarithms. Where both are 0, the gradient is NaN."
def pointer_distribution(alpha, source_ids, p_gen, vocabulary):
    B, V = vocabulary.shape
    X = max(V, int(source_ids.max()) + 1)
    copied = alpha.new_zeros(B, X).scatter_add(1, source_ids, alpha)
    p = p_gen.unsqueeze(1)
    written = p.log() + F.pad(vocabulary, (0, X - V)).log()
    return torch.logaddexp(written, (1 - p).log() + copied.log()).exp()


# %% right="first_project" name="gist, copied"
def first_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=160, lr=0.01)


# %% right="first_project" name="gist, copied by a row of GRUs"
def first_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("gru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=170, lr=0.01)


# %% wrong="first_project" name="untrained" says="The model was never trained: what it writes is as random as its first weights."
def first_project(load, seed):
    task = load("translate")
    torch.manual_seed(seed)
    return EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), AttentionWriter(task.outputs, 32, 64, 64))


# %% wrong="first_project" name="most frequent answer" says="It writes the most frequent answer, whatever it reads. A floor, and no model."
def first_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")
    rows, counts = task.y.unique(dim=0, return_counts=True)
    answer = rows[counts.argmax()]
    return Fixed(lambda x, mask: answer.expand(len(x), -1))


# %% wrong="first_project" name="most similar example" says="It looks up the example that is most alike and says what that says. A floor: it has learned nothing that holds for others."
def first_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")

    def write(x, mask):
        return task.y[torch.cdist(x.flatten(1), task.x.flatten(1)).argmin(dim=1)]

    return Fixed(write)


# %% wrong="first_project" name="copies the input" says="It copies what it reads. That is a floor, and no summary."
def first_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("gist")

    def write(x, mask):
        return F.pad(x, (0, 1)).scatter(1, mask.sum(dim=1, keepdim=True), E)

    return Fixed(write)


# %% wrong="first_project" name="model in a list" says="The model stands in a list, where torch does not find its parameters: for torch, this module has nothing that was learned. Make it an attribute of the module."
def first_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    class Wrapped(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.models = [model]

        def generate(self, x, mask, max_len):
            return self.models[0].generate(x, mask, max_len)


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return Wrapped(fit(model, task, seed, steps=150, lr=0.01))


# %% wrong="first_project" name="maps are scores" says="The maps hold scores and no weights: a softmax over the places is missing in what is handed out."
def first_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            scores, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, scores.exp()


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=150, lr=0.01)


# %% wrong="first_project" name="no mask in the writer" says="The writer looks at pads, too: its scores have to be minus infinity there before the softmax."
def first_project(load, seed):
    class Everywhere(AttentionWriter):
        def look(self, state, memory, mask):
            return super().look(state, memory, torch.ones_like(mask))


    task = load("hear")
    torch.manual_seed(seed)
    model = EncoderDecoder(make_encoder("bigru", task.inputs, 32), Everywhere(task.outputs, 16, 32, 32))
    return fit(model, task, seed, steps=20, lr=0.02)


# %% wrong="first_project" name="two tasks" says="A project is about one task. This one loads two."
def first_project(load, seed):
    for name in projects.PROJECTS:
        task = load(name)


# %% wrong="first_project" name="loads nothing" says="It never calls load. Examples of another make are no examples of this trial."
def first_project(load, seed):
    task, _ = projects.make("hear", 50, 50)
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% wrong="first_project" name="returns generate" says="It returns the method generate, and not the model that has it."
def first_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32)).generate


# %% wrong="first_project" name="does not see repeats" says="It guesses which clause is meant. A small network needs very many examples to find out that two places hold the same word: tell it."
def first_project(load, seed):
    task = load("answer")
    torch.manual_seed(seed)
    reader = Words(task.inputs, 32, make_encoder("bigru", 32, 64))
    return fit(EncoderDecoder(reader, PointerWriter(16, 64, 48)), task, seed, steps=220, lr=0.01)


# %% wrong="first_project" name="forgets to return" says="The model is trained and then forgotten: return is missing."
def first_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    model = EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))
    fit(model, task, seed, steps=3)


# %% wrong="first_project" name="ids without maps" says="generate gives ids alone. The maps are asked for as well."
def first_project(load, seed):
    class Ids(EncoderDecoder):
        def generate(self, x, mask, max_len):
            return super().generate(x, mask, max_len)[0]


    task = load("hear")
    torch.manual_seed(seed)
    return Ids(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% right="second_project" name="gist, a Transformer reads"
def second_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("transformer", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=240, lr=0.005)


# %% right="second_project" name="gist, copied by a convolution"
def second_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("convolution", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=170, lr=0.01)


# %% wrong="second_project" name="the same task as the first" says="The first project is about this task already. Choose another one."
def second_project(load, seed):
    task = load("translate")
    torch.manual_seed(seed)
    return EncoderDecoder(Words(task.inputs, 32, make_encoder("gru", 32, 64)), AttentionWriter(task.outputs, 32, 64, 64))


# %% wrong="second_project" name="untrained" says="The model was never trained: what it writes is as random as its first weights."
def second_project(load, seed):
    task = load("answer")
    torch.manual_seed(seed)
    reader = Words(task.inputs, 32, make_encoder("bigru", 32, 64))
    return EncoderDecoder(reader, PointerWriter(16, 64, 48))


# %% wrong="second_project" name="most frequent answer" says="It writes the most frequent answer, whatever it reads. A floor, and no model."
def second_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")
    rows, counts = task.y.unique(dim=0, return_counts=True)
    answer = rows[counts.argmax()]
    return Fixed(lambda x, mask: answer.expand(len(x), -1))


# %% wrong="second_project" name="most similar example" says="It looks up the example that is most alike and says what that says. A floor: it has learned nothing that holds for others."
def second_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")

    def write(x, mask):
        return task.y[torch.cdist(x.flatten(1), task.x.flatten(1)).argmin(dim=1)]

    return Fixed(write)


# %% wrong="second_project" name="does not see repeats" says="It guesses which clause is meant. A small network needs very many examples to find out that two places hold the same word: tell it."
def second_project(load, seed):
    task = load("answer")
    torch.manual_seed(seed)
    reader = Words(task.inputs, 32, make_encoder("bigru", 32, 64))
    return fit(EncoderDecoder(reader, PointerWriter(16, 64, 48)), task, seed, steps=220, lr=0.01)


# %% wrong="second_project" name="model in a list" says="The model stands in a list, where torch does not find its parameters: for torch, this module has nothing that was learned. Make it an attribute of the module."
def second_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    class Wrapped(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.models = [model]

        def generate(self, x, mask, max_len):
            return self.models[0].generate(x, mask, max_len)


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return Wrapped(fit(model, task, seed, steps=150, lr=0.01))


# %% wrong="second_project" name="maps do not sum to 1" says="The maps are weights of a sigmoid: they do not sum to 1."
def second_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            scores, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = self.switch(found).sigmoid().squeeze(1)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, scores.sigmoid()


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=150, lr=0.01)


# %% wrong="second_project" name="forgets to return" says="The model is trained and then forgotten: return is missing."
def second_project(load, seed):
    load("gist")


# %% wrong="second_project" name="no copying" says="A softmax over the vocabulary has no number for a name that stands in no vocabulary. Copy it: pointer_distribution."
def second_project(load, seed):
    task = load("gist")
    torch.manual_seed(seed)
    known = task._replace(y=task.y.clamp(max=task.outputs))
    reader = Words(task.inputs, 32, make_encoder("bigru", 32, 64))
    return fit(EncoderDecoder(reader, AttentionWriter(task.outputs + 1, 32, 64, 48)), known, seed, steps=100, lr=0.01)


# %% wrong="second_project" name="copies alone" says="With p_gen at 0 every word is copied. But the verb of the summary often stands nowhere in the source."
def second_project(load, seed):
    class CopyWriter(AttentionWriter):
        def __init__(self, words, embed_dim, memory_dim, hidden_dim):
            super().__init__(words, embed_dim, memory_dim, hidden_dim)
            self.words = words
            self.embedding = nn.Embedding(words + 1, embed_dim)
            self.switch = nn.Linear(hidden_dim + memory_dim + embed_dim, 1)

        def start(self, x, memory, mask):
            return {"x": x, "h": super().start(x, memory, mask)}

        def step(self, y, state, memory, mask):
            _, alpha, context = self.look(state["h"], memory, mask)
            word = self.embedding(torch.where(y < self.words, y, self.words))
            h = self.cell(torch.cat([context, word], dim=1), state["h"])
            found = torch.cat([h, context, word], dim=1)
            p_gen = torch.full((len(y),), 0.001)
            p = pointer_distribution(alpha, state["x"], p_gen, self.out(found).softmax(dim=1))
            return p.clamp(min=1e-9).log(), {"x": state["x"], "h": h}, alpha


    task = load("gist")
    torch.manual_seed(seed)
    model = EncoderDecoder(Words(task.inputs, 32, make_encoder("bigru", 32, 64)), CopyWriter(task.outputs, 32, 64, 48))
    return fit(model, task, seed, steps=150, lr=0.01)


# %% wrong="second_project" name="two jobs without an idea" says="One of the first two projects has to be about gist, caption or answer. To translate and to hear needs no idea of your own."
def second_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% right="third_project" name="hear, both directions"
def third_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    model = EncoderDecoder(make_encoder("bigru", task.inputs, 48), AttentionWriter(task.outputs, 16, 48, 48))
    return fit(model, task, seed, steps=250, lr=0.015)


# %% right="third_project" name="hear, one direction only"
def third_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    model = EncoderDecoder(make_encoder("gru", task.inputs, 64), AttentionWriter(task.outputs, 32, 64, 64))
    return fit(model, task, seed, steps=300, lr=0.01)


# %% wrong="third_project" name="the task of the second project" says="An earlier project is about this task already. Choose another one."
def third_project(load, seed):
    task = load("gist")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% wrong="third_project" name="untrained" says="The model was never trained: what it writes is as random as its first weights."
def third_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% wrong="third_project" name="most frequent answer" says="It writes the most frequent answer, whatever it reads. A floor, and no model."
def third_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")
    rows, counts = task.y.unique(dim=0, return_counts=True)
    answer = rows[counts.argmax()]
    return Fixed(lambda x, mask: answer.expand(len(x), -1))


# %% wrong="third_project" name="most similar example" says="It looks up the example that is most alike and says what that says. A floor: it has learned nothing that holds for others."
def third_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("hear")

    def write(x, mask):
        return task.y[torch.cdist(x.flatten(1), task.x.flatten(1)).argmin(dim=1)]

    return Fixed(write)


# %% wrong="third_project" name="returns generate" says="It returns the method generate, and not the model that has it."
def third_project(load, seed):
    task = load("hear")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("gru", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32)).generate


# %% wrong="third_project" name="forgets to return" says="The model is trained and then forgotten: return is missing."
def third_project(load, seed):
    load('caption')


# %% right="fourth_project" name="caption, in fewer steps"
def fourth_project(load, seed):
    class Picture(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 24, 5, 2, 2, bias=False), nn.Conv2d(24, dim, 3, 2, 1, bias=False)
            self.three = nn.Conv2d(dim, dim, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(n) for n in (24, dim, dim)])

        def forward(self, x, mask):
            z = x.view(-1, 8, 8, 3, 4, 4).permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, 32, 32)
            for layer, norm in zip((self.one, self.two, self.three), self.norms, strict=True):
                z = norm(layer(z)).relu()
            return z.flatten(2).transpose(1, 2)


    task = load("caption")
    torch.manual_seed(seed)
    model = EncoderDecoder(Picture(32), AttentionWriter(task.outputs, 16, 32, 32))
    return fit(model, task, seed, steps=240, lr=0.015, batch_size=48).eval()


# %% right="fourth_project" name="caption, folded by hand"
def fourth_project(load, seed):
    class Picture(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 24, 5, 2, 2, bias=False), nn.Conv2d(24, dim, 3, 2, 1, bias=False)
            self.three = nn.Conv2d(dim, dim, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(n) for n in (24, dim, dim)])

        def forward(self, x, mask):
            z = x.view(-1, 8, 8, 3, 4, 4).permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, 32, 32)
            for layer, norm in zip((self.one, self.two, self.three), self.norms, strict=True):
                z = norm(layer(z)).relu()
            return z.flatten(2).transpose(1, 2)


    task = load("caption")
    torch.manual_seed(seed)
    model = EncoderDecoder(Picture(32), AttentionWriter(task.outputs, 16, 32, 32))
    return fit(model, task, seed, steps=240, lr=0.015, batch_size=48).eval()


# %% wrong="fourth_project" name="the task of the third project" says="An earlier project is about this task already. Choose another one."
def fourth_project(load, seed):
    load("gist")


# %% wrong="fourth_project" name="untrained" says="The model was never trained: what it writes is as random as its first weights."
def fourth_project(load, seed):
    task = load("caption")
    torch.manual_seed(seed)
    return EncoderDecoder(make_encoder("convolution", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))


# %% wrong="fourth_project" name="most frequent answer" says="It writes the most frequent answer, whatever it reads. A floor, and no model."
def fourth_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")
    rows, counts = task.y.unique(dim=0, return_counts=True)
    answer = rows[counts.argmax()]
    return Fixed(lambda x, mask: answer.expand(len(x), -1))


# %% wrong="fourth_project" name="most similar example" says="It looks up the example that is most alike and says what that says. A floor: it has learned nothing that holds for others."
def fourth_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("caption")

    def write(x, mask):
        return task.y[torch.cdist(x.flatten(1), task.x.flatten(1)).argmin(dim=1)]

    return Fixed(write)


# %% wrong="fourth_project" name="still in training mode" says="The model is still in training mode: its batch norms measure the batch, so a row depends on the rows beside it. Call eval()."
def fourth_project(load, seed):
    class Picture(nn.Module):
        def __init__(self, dim):
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 24, 5, 2, 2, bias=False), nn.Conv2d(24, dim, 3, 2, 1, bias=False)
            self.three = nn.Conv2d(dim, dim, 3, 1, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(n) for n in (24, dim, dim)])

        def forward(self, x, mask):
            z = x.view(-1, 8, 8, 3, 4, 4).permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, 32, 32)
            for layer, norm in zip((self.one, self.two, self.three), self.norms, strict=True):
                z = norm(layer(z)).relu()
            return z.flatten(2).transpose(1, 2)


    task = load("caption")
    torch.manual_seed(seed)
    model = EncoderDecoder(Picture(32), AttentionWriter(task.outputs, 16, 32, 32))
    return fit(model, task, seed, steps=40, lr=0.015, batch_size=48)


# %% wrong="fourth_project" name="patches as a row" says="To this reader the patches are a row, and the patch above is eight places away. Put them together again and read them as a picture."
def fourth_project(load, seed):
    task = load("caption")
    torch.manual_seed(seed)
    model = EncoderDecoder(make_encoder("convolution", task.inputs, 32), AttentionWriter(task.outputs, 16, 32, 32))
    return fit(model, task, seed, steps=100, lr=0.01)


# %% right="fifth_project" name="answer, counted place by place"
def fifth_project(load, seed):
    class Match(nn.Module):
        def __init__(self, words, reader):
            super().__init__()
            self.words, self.reader = nn.Embedding(words, 31), reader

        def forward(self, x, mask):
            twice = torch.stack([(x == x[:, s : s + 1]).sum(dim=1) for s in range(x.shape[1])], dim=1) > 1
            return self.reader(torch.cat([self.words(x), (twice & mask).unsqueeze(2).float()], dim=2), mask)


    task = load("answer")
    torch.manual_seed(seed)
    model = EncoderDecoder(Match(task.inputs, make_encoder("bigru", 32, 64)), PointerWriter(16, 64, 48))
    return fit(model, task, seed, steps=250, lr=0.01)


# %% right="fifth_project" name="answer, two vectors for once and twice"
def fifth_project(load, seed):
    class Twice(nn.Module):
        def __init__(self, words, reader):
            super().__init__()
            self.words, self.often, self.reader = nn.Embedding(words, 24), nn.Embedding(2, 8), reader

        def forward(self, x, mask):
            others = x.unsqueeze(1).eq(x.unsqueeze(2)) & ~torch.eye(x.shape[1], dtype=torch.bool)
            twice = (others & mask.unsqueeze(1) & mask.unsqueeze(2)).any(dim=2)
            return self.reader(torch.cat([self.words(x), self.often(twice.long())], dim=2), mask)


    task = load("answer")
    torch.manual_seed(seed)
    model = EncoderDecoder(Twice(task.inputs, make_encoder("bigru", 32, 64)), PointerWriter(16, 64, 48))
    return fit(model, task, seed, steps=450, lr=0.01)


# %% wrong="fifth_project" name="the task of an earlier project" says="An earlier project is about this task already. Choose another one."
def fifth_project(load, seed):
    load("caption")


# %% wrong="fifth_project" name="untrained" says="The model was never trained: what it writes is as random as its first weights."
def fifth_project(load, seed):
    task = load("answer")
    torch.manual_seed(seed)
    reader = Words(task.inputs, 32, make_encoder("transformer", 32, 64))
    return EncoderDecoder(reader, PointerWriter(16, 64, 48))


# %% wrong="fifth_project" name="most frequent answer" says="It writes the most frequent answer, whatever it reads. A floor, and no model."
def fifth_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("answer")
    rows, counts = task.y.unique(dim=0, return_counts=True)
    answer = rows[counts.argmax()]
    return Fixed(lambda x, mask: answer.expand(len(x), -1))


# %% wrong="fifth_project" name="last words" says="It always gives the last three words. A floor: nothing was read."
def fifth_project(load, seed):
    class Fixed(nn.Module):
        """Writes what a function says, and looks at the first place."""

        def __init__(self, write):
            super().__init__()
            self.write, self.weight = write, nn.Parameter(torch.zeros(1))

        def generate(self, x, mask, max_len):
            ids = self.write(x, mask)[:, :max_len]
            maps = F.one_hot(torch.zeros_like(ids), x.shape[1]).float()
            return ids, maps


    task = load("answer")

    def write(x, mask):
        end = mask.sum(dim=1)
        return torch.stack([end, end + 2, torch.full_like(end, E)], dim=1)

    return Fixed(write)


# %% wrong="fifth_project" name="does not see repeats" says="It guesses which clause is meant. A small network needs very many examples to find out that two places hold the same word: tell it."
def fifth_project(load, seed):
    task = load("answer")
    torch.manual_seed(seed)
    reader = Words(task.inputs, 32, make_encoder("bigru", 32, 64))
    return fit(EncoderDecoder(reader, PointerWriter(16, 64, 48)), task, seed, steps=60, lr=0.01)


# %% wrong="fifth_project" name="one place for both" says="It writes the first place of the answer twice: answers of more than one word are wrong."
def fifth_project(load, seed):
    class Match(nn.Module):
        def __init__(self, words, reader):
            super().__init__()
            self.words, self.reader = nn.Embedding(words, 31), reader

        def forward(self, x, mask):
            twice = torch.stack([(x == x[:, s : s + 1]).sum(dim=1) for s in range(x.shape[1])], dim=1) > 1
            return self.reader(torch.cat([self.words(x), (twice & mask).unsqueeze(2).float()], dim=2), mask)


    task = load("answer")
    torch.manual_seed(seed)
    short = task._replace(y=torch.stack([task.y[:, 0], task.y[:, 0], task.y[:, 2]], dim=1))
    model = EncoderDecoder(Match(task.inputs, make_encoder("bigru", 32, 64)), PointerWriter(16, 64, 48))
    return fit(model, short, seed, steps=40, lr=0.01)
