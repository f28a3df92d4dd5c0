# %% [markdown]
# The answer catalogue of 10_visual_attention: right answers that look different, and wrong answers that students give.

# %% [markdown]
# ## SimpleSeq2Seq


# %% right="SimpleSeq2Seq" name="the last state of the top layer"
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        nn.Module.__init__(self)
        try:
            m, n = (depth, depth) if type(depth) is int else depth
        except (TypeError, ValueError):
            raise ValueError("wrong depth") from None
        if type(m) is not int or type(n) is not int or min(m, n) < 1:
            raise ValueError("wrong depth")
        self.T, self.I, self.steps = input_length, input_dim, output_length
        self.decoder = nn.LSTM(input_size=hidden_dim, hidden_size=output_dim, num_layers=n, batch_first=True)
        self.encoder = nn.LSTM(input_size=input_dim, hidden_size=hidden_dim, num_layers=m, batch_first=True)
        one_bias(self.decoder)
        one_bias(self.encoder)

    def forward(self, x):
        if x.ndim != 3 or (self.T, self.I) != (x.size(1), x.size(2)):
            raise ValueError("x has a wrong shape")
        _, (h, _) = self.encoder(x)
        return self.decoder(torch.stack([h[-1]] * self.steps, dim=1))[0]


# %% right="SimpleSeq2Seq" name="step by step"
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        state = None
        for t in range(self.input_length):
            out, state = self.encoder(x[:, t : t + 1], state)
        state = None
        results = []
        for _ in range(self.output_length):
            y, state = self.decoder(out, state)
            results.append(y)
        return torch.cat(results, dim=1)


# %% right="SimpleSeq2Seq" name="an own LSTM in loops"
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        rows = list(x.unbind(dim=1))
        rows = self.run(self.encoder, rows)
        rows = self.run(self.decoder, [rows[-1]] * self.output_length)
        return torch.stack(rows, 1)

    def run(self, lstm, rows):
        for k in range(lstm.num_layers):
            W, U = getattr(lstm, f"weight_ih_l{k}"), getattr(lstm, f"weight_hh_l{k}")
            b = getattr(lstm, f"bias_ih_l{k}")
            h = c = rows[0].new_zeros(len(rows[0]), lstm.hidden_size)
            new = []
            for row in rows:
                i, f, g, o = (F.linear(row, W, b) + F.linear(h, U)).chunk(4, dim=-1)
                c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
                new.append(h)
            rows = new
        return rows


# %% wrong="SimpleSeq2Seq" name="first row" says="The decoder reads the output at row 0. Only the output at the last row has seen the whole picture."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, 0]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="last but one" says="The decoder reads the output at the last row but one, or the first where there is only one row. The last row is never seen."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, max(outputs.shape[1] - 2, 0)]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="mean of the rows" says="The decoder reads the mean of all outputs. The output at the last row is asked for."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs.mean(dim=1)
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="sum of the rows" says="The decoder reads the sum of all outputs. The output at the last row is asked for."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs.sum(dim=1)
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="state of the encoder" says="Where the sizes allow it, the decoder starts from the state of the encoder. It starts from zeros."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        if h.shape == (self.decoder.num_layers, len(x), self.decoder.hidden_size):
            return self.decoder(repeated, (h, c))[0]
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="outputs reversed" says="The outputs come in the opposite order: step 0 has to come first."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y.flip(1)


# %% wrong="SimpleSeq2Seq" name="input length in place of output length" says="The decoder makes as many steps as the picture has rows. T and T' are different numbers."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.input_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="one step too many" says="The decoder makes one step more than asked for."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length + 1, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="time first" says="The outputs come as [T', B, O]. The batch is the first dimension."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y.transpose(0, 1)


# %% wrong="SimpleSeq2Seq" name="flat" says="The outputs of a picture are put in one row, [B, T' · O]. They are asked for as [B, T', O]."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y.flatten(1)


# %% wrong="SimpleSeq2Seq" name="batch not first" says="batch_first is missing in both LSTMs: torch then takes the pictures for steps, and the pictures mix."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0]))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1]))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="batch not first in the encoder" says="batch_first is missing in the encoder: it takes the pictures for steps."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0]))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="depth exchanged" says="The two numbers of depth are exchanged: the first one belongs to the encoder."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[1], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[0], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="decoder as deep as the encoder" says="Both LSTMs have as many layers as the encoder. The second number of a pair belongs to the decoder."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[0], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="two biases" says="The second biases learn. Both LSTMs have to go through one_bias."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True)
        self.decoder = nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="two biases in the decoder" says="The decoder has two biases that learn. It has to go through one_bias, too."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="vector detached" says="The vector between the two LSTMs is detached: the encoder never learns."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1].detach()
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="x detached" says="x is detached: no gradient reaches what is below the model."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x.detach())
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="outputs detached" says="The outputs are detached: nothing in the model learns."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y.detach()


# %% wrong="SimpleSeq2Seq" name="float32" says="The outputs are made float32: a model in float64 loses its digits."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y.float()


# %% wrong="SimpleSeq2Seq" name="view" says="view asks for a certain order in memory: it fails for pictures that come from transpose."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x.view(-1).view(x.shape))
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="x not looked at" says="The shape of x is never compared with T and I: another number of rows goes through, and other faults get the words of torch."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="number of rows not looked at" says="Only I is compared, so a picture with another number of rows goes through."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="numbers in a row not looked at" says="Only T is compared. Where I is wrong, the error is one of torch and not a ValueError about x."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="one picture without a batch" says="A picture [T, I] without a batch goes through. The dimensions of x have to be three."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.shape[-2:] != (self.input_length, self.input_dim):
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="lists not allowed" says="A list is refused. A pair may be a tuple or a list."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, tuple) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% wrong="SimpleSeq2Seq" name="assert" says="assert gives an AssertionError. A ValueError is asked for."
class SimpleSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            assert isinstance(d, int) and d >= 1, "depth"
        self.input_length, self.input_dim, self.output_length = input_length, input_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, output_dim, depth[1], batch_first=True))

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.input_length or x.shape[2] != self.input_dim:
            raise ValueError("x must be [B, T, I]")
        outputs, (h, c) = self.encoder(x)
        last = outputs[:, -1]
        repeated = last.unsqueeze(1).repeat(1, self.output_length, 1)
        y, _ = self.decoder(repeated)
        return y


# %% [markdown]
# ## AttentionSeq2Seq


# %% right="AttentionSeq2Seq" name="einsum and one linear layer at the end"
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        k = sum(self.encoder(x)[0].chunk(2, dim=-1))
        state, contexts, maps = None, [], []
        q = torch.zeros_like(k[:, 0])
        for _ in range(self.steps):
            if self.score is None:
                alpha = torch.full_like(k[:, :, 0], 1 / self.T)
            else:
                both = torch.cat([q[:, None].expand_as(k), k], -1)
                alpha = F.softmax(self.score(both)[..., 0], dim=-1)
            out, state = self.decoder(torch.einsum("bt,bth->bh", alpha, k)[:, None], state)
            q = out[:, 0]
            contexts.append(q)
            maps.append(alpha)
        return self.linear(torch.stack(contexts, 1)), torch.stack(maps, 1)


# %% right="AttentionSeq2Seq" name="row by row"
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        both = self.encoder(x)[0]
        k = [both[:, j, : self.H] + both[:, j, self.H :] for j in range(self.T)]
        h = c = both.new_zeros(self.decoder.num_layers, B, self.H)
        outputs, maps = [], []
        for _ in range(self.steps):
            scores = []
            for row in k:
                if self.score is None:
                    scores.append(both.new_zeros(B, 1))
                else:
                    scores.append(self.score(torch.cat((h[-1], row), 1)))
            scores = torch.cat(scores, 1)
            powers = (scores - scores.max(dim=1, keepdim=True)[0]).exp()
            w = powers / powers.sum(1, keepdim=True)
            context = 0
            for j in range(self.T):
                context = context + w[:, j : j + 1] * k[j]
            out, (h, c) = self.decoder(context.reshape(B, 1, self.H), (h, c))
            outputs.append(self.linear(h[-1]))
            maps.append(w)
        return torch.stack(outputs).transpose(0, 1), torch.stack(maps).transpose(0, 1)


# %% right="AttentionSeq2Seq" name="the score in two parts"
class AttentionSeq2Seq(nn.Module):
    KINDS = "additive", "linear", "mean"

    def __init__(self, T, I, H, steps, O, depth=1, attention="additive"):
        super().__init__()
        layers = [depth] * 2 if isinstance(depth, int) else depth
        ok = isinstance(layers, (list, tuple)) and len(layers) == 2
        if not ok or not all(isinstance(n, int) for n in layers) or min(layers) < 1:
            raise ValueError("depth: one or two whole numbers from 1 on")
        if attention not in self.KINDS:
            raise ValueError("attention: one of " + ", ".join(self.KINDS))
        self.shape, self.steps, self.kind = (T, I), steps, attention
        self.linear = nn.Linear(H, O)
        self.score = {
            "additive": nn.Sequential(nn.Linear(H + H, H), nn.Tanh(), nn.Linear(H, 1)),
            "linear": nn.Linear(H + H, 1),
            "mean": None,
        }[attention]
        self.decoder = nn.LSTM(H, H, num_layers=layers[1], batch_first=True)
        self.encoder = nn.LSTM(I, H, num_layers=layers[0], batch_first=True, bidirectional=True)
        one_bias(self.encoder)

    def scores(self, q, k):
        if self.kind == "mean":
            return 0 * k.sum(-1)
        first = self.score[0] if self.kind == "additive" else self.score
        H = q.shape[-1]
        mixed = (q @ first.weight[:, :H].T).unsqueeze(1) + k @ first.weight[:, H:].T + first.bias
        return (self.score[2](mixed.tanh()) if self.kind == "additive" else mixed).squeeze(-1)

    def forward(self, x):
        if x.dim() < 3 or x.dim() > 3 or x.shape[1:] != self.shape:
            raise ValueError("x does not fit")
        k = self.encoder(x)[0].reshape(len(x), self.shape[0], 2, -1).sum(2)
        state = None
        q = 0 * k[:, 0]
        results = []
        for _ in range(self.steps):
            w = self.scores(q, k).softmax(1)
            _, state = self.decoder(torch.bmm(w[:, None], k), state)
            q = state[0][-1]
            results.append((self.linear(q), w))
        ys, ws = zip(*results)
        return torch.stack(ys, 1), torch.stack(ws, 1)


# %% wrong="AttentionSeq2Seq" name="only from above" says="The keys are the states from above alone. The key of a row is the sum of both directions."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="only from below" says="The keys are the states from below alone. The key of a row is the sum of both directions."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="cell state asks" says="The query is the cell state c. The state h is asked for."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = c[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="bottom layer asks" says="The query is the state of the lowest layer of the decoder. The top layer asks."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[0]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="query of zeros" says="The query is 0 in all steps, so the weights never change. After the first step it is the state of the decoder."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = torch.zeros_like(h[-1])
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax takes the maximum away first."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="one maximum for the batch" says="The largest score of the whole batch is taken away before exp. In other pictures all powers may then be 0, and 0 / 0 is NaN."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = (scores - scores.max()).exp() / (scores - scores.max()).exp().sum(dim=1, keepdim=True)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="scores clamped" says="Scores are clamped at ± 50 before exp, so different large scores get the same weight."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores.clamp(-50, 50), dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="linear of the bottom layer" says="The output is made from the lowest layer of the decoder. `linear` reads the top layer."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(h[0])
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="squeeze without a dimension" says="squeeze() drops every dimension of size 1, also a batch of one picture or a single output."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze()
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze())
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="tanh in the linear score" says="The linear score gets a tanh. It is w · [q; k] + b and nothing else."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
                if isinstance(self.score, nn.Linear):
                    scores = scores.tanh()
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="always additive" says="The score is additive, whatever attention says."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention in ("linear", "mean"):
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="wide hidden layer" says="The hidden layer of the additive score has 2H numbers. It has H."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(
                nn.Linear(2 * hidden_dim, 2 * hidden_dim), nn.Tanh(), nn.Linear(2 * hidden_dim, 1)
            )
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="no bias in the score" says="The linear layers of the scores have no biases. The docstring has nn.Linear as it is."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(
                nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1, bias=False)
            )
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1, bias=False)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="one bias in the decoder" says="The decoder goes through one_bias as well. It keeps both biases of torch."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = one_bias(nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True))
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="two biases in the encoder" says="The encoder keeps two biases that learn. It has to go through one_bias."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True)
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="one direction" says="The encoder reads in one direction only."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="encoder twice" says="The encoder reads in one direction, and each key is its state twice. The second direction needs weights of its own."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states + self.encoder(x.flip(1))[0].flip(1)
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="batch not first in the decoder" says="batch_first is missing in the decoder, and its states are turned round by hand. The docstring asks for batch_first."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1])
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(0), (h, c))
            y = self.linear(out.squeeze(0))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="keys detached" says="The keys are detached: the encoder never learns."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = (states[:, :, : self.H] + states[:, :, self.H :]).detach()
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="values detached" says="The keys are detached where they are summed: they get a gradient through the scores only."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k.detach()).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="keys detached in the score" says="The keys are detached where they are scored: they get a gradient as values only."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k.detach()], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="weights detached" says="The weights are detached for the context: the score never learns."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.detach().unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="view" says="view asks for a certain order in memory: it fails for pictures that come from permute."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x.view(-1).view(x.shape))
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="unknown attention allowed" says="A word that is not known means mean. It has to be an error."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        else:
            self.score = None
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="words of another case allowed" says="lower() lets words of another case through. Three words are allowed, as they are written."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) != 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        attention = str(attention).lower()
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% wrong="AttentionSeq2Seq" name="triples allowed" says="Of three numbers the first two are taken. Only a pair is allowed."
class AttentionSeq2Seq(nn.Module):
    def __init__(self, input_length, input_dim, hidden_dim, output_length, output_dim, depth=1, attention="additive"):
        super().__init__()
        if isinstance(depth, int):
            depth = (depth, depth)
        if not isinstance(depth, (tuple, list)) or len(depth) < 2:
            raise ValueError("depth must be a number or a pair")
        for d in depth:
            if not isinstance(d, int) or d < 1:
                raise ValueError("depth must be whole numbers of at least 1")
        self.T, self.I, self.H, self.steps = input_length, input_dim, hidden_dim, output_length
        self.encoder = one_bias(nn.LSTM(input_dim, hidden_dim, depth[0], batch_first=True, bidirectional=True))
        self.decoder = nn.LSTM(hidden_dim, hidden_dim, depth[1], batch_first=True)
        if attention == "additive":
            self.score = nn.Sequential(nn.Linear(2 * hidden_dim, hidden_dim), nn.Tanh(), nn.Linear(hidden_dim, 1))
        elif attention == "linear":
            self.score = nn.Linear(2 * hidden_dim, 1)
        elif attention == "mean":
            self.score = None
        else:
            raise ValueError("attention is not known")
        self.linear = nn.Linear(hidden_dim, output_dim)

    def forward(self, x):
        if x.dim() != 3 or x.shape[1] != self.T or x.shape[2] != self.I:
            raise ValueError("x must be [B, T, I]")
        B = len(x)
        states, (h_n, c_n) = self.encoder(x)
        k = states[:, :, : self.H] + states[:, :, self.H :]
        h = torch.zeros(self.decoder.num_layers, B, self.H, dtype=x.dtype)
        c = torch.zeros_like(h)
        outputs, maps = [], []
        for t in range(self.steps):
            q = h[-1]
            if self.score is None:
                scores = torch.zeros(B, self.T, dtype=x.dtype)
            else:
                scores = self.score(torch.cat([q.unsqueeze(1).repeat(1, self.T, 1), k], dim=2)).squeeze(2)
            weights = torch.softmax(scores, dim=1)
            context = (weights.unsqueeze(2) * k).sum(dim=1)
            out, (h, c) = self.decoder(context.unsqueeze(1), (h, c))
            y = self.linear(out.squeeze(1))
            outputs.append(y)
            maps.append(weights)
        outputs = torch.stack(outputs, dim=1)
        maps = torch.stack(maps, dim=1)
        return outputs, maps


# %% [markdown]
# ## is_query_dependent


# %% right="is_query_dependent" name="set of keys by set of keys"
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% right="is_query_dependent" name="against the first query"
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    rng = torch.Generator().manual_seed(seed)
    answer = False
    for n in range(12):
        keys = torch.randn(2, key_dim, generator=rng) * [0.1, 1, 10][n % 3]
        queries = torch.cat([torch.randn(25, query_dim, generator=rng) * s for s in [10, 1, 0.1]])
        w = score_fn(queries, keys.repeat(75, 1, 1)).softmax(-1).detach()
        answer = answer or ((w[1:] - w[:1]).abs() > 1e-4).any().item()
    return answer


# %% right="is_query_dependent" name="lists of Python"
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed + 1000)
    sets = [size * torch.randn(3, key_dim, generator=g) for size in (10, 1, 0.1) for _ in range(4)]
    queries = torch.stack([torch.randn(query_dim, generator=g) * 10 ** (i % 3 - 1) for i in range(66)])
    import math

    for keys in sets:
        first = None
        scores = score_fn(queries, torch.stack([keys for _ in range(66)])).tolist()
        for row in scores:
            powers = [math.exp(s - max(row)) for s in row]
            weights = [p / sum(powers) for p in powers]
            if first is None:
                first = weights
            for one, other in zip(first, weights):
                if abs(one - other) > 1e-4:
                    return True
    return False


# %% right="is_query_dependent" name="one query at a time"
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    queries = [10.0 ** (i % 3 - 1) * torch.randn(1, query_dim, generator=generator) for i in range(60)]
    for i in range(9):
        keys = 10.0 ** (i % 3 - 1) * torch.randn(1, 3, key_dim, generator=generator)
        first = torch.softmax(score_fn(queries[0], keys), dim=1)
        for query in queries[1:]:
            weights = torch.softmax(score_fn(query, keys), dim=1)
            if torch.any(torch.abs(weights - first) > 1e-4):
                return True
    return False


# %% right="is_query_dependent" name="log softmax, neighbours compared"
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        sizes = torch.logspace(-1, 1, 3)
        queries = sizes.view(3, 1, 1) * torch.randn(3, 40, query_dim, generator=generator)
        queries = queries.permute(1, 0, 2).reshape(120, query_dim)
        found = []
        for size in sizes:
            for keys in size * torch.randn(5, 7, key_dim, generator=generator):
                weights = F.log_softmax(score_fn(queries, keys.expand(120, 7, key_dim)), dim=1).exp()
                found.append(weights.diff(dim=0).abs().max() > 1e-4)
    return any(bool(f) for f in found)


# %% wrong="is_query_dependent" name="compares scores" says="The scores are compared. Scores that differ by the same number at every place give the same weights: compare these."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = scores
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="softmax over the queries" says="The softmax goes over dimension 0, the batch. The weights of a query sum to 1 over the keys."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=0)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="softmax over everything" says="One softmax goes over all queries together: then the scores of one query change the weights of another one."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores.flatten(), dim=0).view(scores.shape)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="sigmoid" says="A sigmoid is not a softmax: it changes when all scores grow by the same number, and weights do not."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.sigmoid(scores)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="log of the weights" says="The logarithms of the weights are compared. Of small weights they differ by rounding alone."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.log_softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="exp by hand" says="exp of a large score is infinite, and of a very negative one 0: the weights become NaN. torch.softmax knows a way round it."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="one pair of queries" says="One pair of queries is compared for each size. A score that reacts to few queries escapes: chance decides."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(2, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="only one pair" says="Only one pair of queries is tried, with one set of keys. A score that reacts to few queries escapes."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)[20:22]
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="first and last alone" says="Only the first and the last query are compared. A score that reacts to few queries escapes."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (weights[0] - weights[-1]).abs().max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="only tiny queries" says="Only very small queries are tried. A score that reacts to larger ones looks as if it did not depend on them."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(1e-3 * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="only huge queries" says="Only very large queries are tried. There a tanh is flat and the weights no longer change."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(1e3 * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="no large queries" says="Queries of size 10 are missing. A score that reacts only to large queries escapes."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="no small queries" says="Queries of size 0.1 are missing. A score that reacts only to small queries escapes."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="same query" says="All queries are the same one. Two different ones have to be compared."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)[20:21].repeat(60, 1)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="ones as queries" says="The queries are ones, zeros and minus ones. A score that reacts to other numbers escapes, and the seed is not used."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.stack([torch.full((query_dim,), v) for v in (-1.0, 0.0, 1.0)])
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="keys of zeros" says="The keys are zeros: then no score can tell them apart."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = 0.0 * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="query and key sizes exchanged" says="The two sizes are exchanged: queries have query_dim numbers and keys key_dim."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, key_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, query_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="sizes fixed" says="The queries have 5 numbers and the keys 7, whatever the arguments say."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, 5, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, 7, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="global random state" says="The numbers come from the global random state. With the same seed they are others, and all who draw later get other numbers."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="keys from the global random state" says="The keys come from the global random state. All numbers come from the seed."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="seed not used" says="The seed is not used: all seeds give the same queries and keys."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(0)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="generator without a seed" says="The generator gets a random seed, so the same call tries other numbers each time."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.seed()
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="float64" says="Queries and keys are float64. The score is made for float32."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries).double()
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g).double()
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="a tensor" says="The result is a tensor. A bool of Python is asked for."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return torch.tensor(True)
    return torch.tensor(False)


# %% wrong="is_query_dependent" name="query without a batch" says="One query comes to score_fn as [query_dim]. A batch of them is promised, [B, query_dim]."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = torch.stack([score_fn(q, keys)[0] for q in queries])
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="keys without a batch" says="The keys come to score_fn with a batch of 1, and the queries with one of 60. Both have the same B."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys)
            weights = torch.softmax(scores, dim=1)
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% wrong="is_query_dependent" name="gradient of the query" says="It is asked whether the scores have a gradient to the query. The weights may stay the same all the same."
def is_query_dependent(score_fn, query_dim=5, key_dim=7, seed=0):
    g = torch.Generator()
    g.manual_seed(seed)
    queries = []
    for size in (0.1, 1.0, 10.0):
        queries.append(size * torch.randn(20, query_dim, generator=g))
    queries = torch.cat(queries)
    for size in (0.1, 1.0, 10.0):
        for _ in range(3):
            keys = size * torch.randn(1, 5, key_dim, generator=g)
            scores = score_fn(queries, keys.expand(len(queries), -1, -1))
            weights = torch.softmax(scores, dim=1)
            q = queries.clone().requires_grad_()
            scores = score_fn(q, keys.expand(len(queries), -1, -1))
            if scores.requires_grad and scores.sum() is not None:
                grad = torch.autograd.grad(scores.sum(), q, allow_unused=True)[0]
                if grad is not None and grad.abs().max() > 1e-4:
                    return True
            largest, smallest = weights.max(dim=0).values, weights.min(dim=0).values
            if (largest - smallest).max() > 1e-4:
                return True
    return False


# %% [markdown]
# ## glimpse


# %% right="glimpse" name="indices and a mask"
def glimpse(img, loc, size, scales):
    if size % 2 or size <= 0:
        raise ValueError("size must be a positive even number")
    if scales <= 0:
        raise ValueError("scales must be positive")
    if not ((loc >= -1) & (loc <= 1)).all():
        raise ValueError("loc must lie in the picture")
    B, H, W = img.shape
    cx = ((loc[:, 0] + 1) * W / 2).floor().long()[:, None]
    cy = ((loc[:, 1] + 1) * H / 2).floor().long()[:, None]
    result = []
    for k in range(scales):
        side = size << k
        steps = torch.arange(side) - side // 2
        rows, columns = cy + steps, cx + steps  # [B, side]
        inside = ((rows >= 0) & (rows < H))[:, :, None] & ((columns >= 0) & (columns < W))[:, None, :]
        rows, columns = rows.clamp(0, H - 1), columns.clamp(0, W - 1)
        patch = img[torch.arange(B)[:, None, None], rows[:, :, None], columns[:, None, :]]
        patch = torch.where(inside, patch, torch.zeros_like(patch))
        result.append(patch.reshape(B, size, 2**k, size, 2**k).mean(dim=(2, 4)))
    return torch.stack(result, 1)


# %% right="glimpse" name="loops over numbers"
def glimpse(img, loc, size, scales):
    if size < 2:
        raise ValueError("size is too small")
    if size / 2 != size // 2:
        raise ValueError("size is odd")
    if scales < 1:
        raise ValueError("scales is too small")
    for point in loc:
        for value in point:
            if value < -1 or value > 1:
                raise ValueError("a loc is outside")
    B, H, W = img.shape
    zero = img.sum() * 0
    pictures = []
    for b in range(B):
        x = int((loc[b, 0].item() + 1) / 2 * W)
        y = int((loc[b, 1].item() + 1) / 2 * H)
        patches = []
        for k in range(scales):
            n = 2**k
            numbers = []
            for i in range(size):
                for j in range(size):
                    top = y - n * size // 2 + i * n
                    left = x - n * size // 2 + j * n
                    square = img[b, max(top, 0) : max(top + n, 0), max(left, 0) : max(left + n, 0)]
                    numbers.append(square.sum() / n**2 if square.numel() > 0 else zero)
            patches.append(torch.stack(numbers).reshape(size, size))
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% right="glimpse" name="products with matrices"
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2 != 0 or scales < 1:
        raise ValueError(f"size = {size} must be even, scales = {scales} positive")
    if loc.abs().max() > 1:
        raise ValueError("loc")
    B, H, W = img.shape

    def squares(centre, n, length):  # [B, size, length]: which pixels belong to which square
        first = centre.view(-1, 1, 1) - n * size // 2 + n * torch.arange(size).view(1, -1, 1)
        pixel = torch.arange(length)
        return ((pixel >= first) & (pixel < first + n)).to(img.dtype) / n

    x, y = torch.floor((loc.double() + 1) * torch.tensor([W / 2, H / 2])).long().T
    parts = []
    for k in range(scales):
        parts.append(torch.einsum("bih,bhw,bjw->bij", squares(y, 2**k, H), img, squares(x, 2**k, W)))
    return torch.stack(parts, dim=1)


# %% right="glimpse" name="a border for each patch, halved several times"
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError("wrong size")
    if scales < 1:
        raise ValueError("wrong scales")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("wrong loc")
    B, H, W = img.shape
    whole = []
    for k in range(scales):
        n = size * 2 ** (k - 1) if k else size // 2
        big = torch.cat([img.new_zeros(B, n, W), img, img.new_zeros(B, n, W)], dim=1)
        big = torch.cat([big.new_zeros(B, H + 2 * n, n), big, big.new_zeros(B, H + 2 * n, n)], dim=2)
        rows = []
        for b, point in enumerate(loc.tolist()):
            x, y = math.floor((point[0] + 1) / 2 * W), math.floor((point[1] + 1) / 2 * H)
            rows.append(big[b].narrow(0, y, 2 * n).narrow(1, x, 2 * n))
        patch = torch.stack(rows)
        for _ in range(k):
            patch = (patch[:, ::2] + patch[:, 1::2]) / 2
            patch = (patch[:, :, ::2] + patch[:, :, 1::2]) / 2
        whole.append(patch)
    return torch.stack(whole).transpose(0, 1)


# %% wrong="glimpse" name="x and y exchanged" says="The first number of loc is used for the rows and the second for the columns. loc is (x, y): x goes to the right."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 1].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 0].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="height and width exchanged" says="x is multiplied by the height and y by the width. x goes along the columns, and there are W of them."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * H) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * W) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="height for both" says="Both numbers of loc are multiplied by the height. This works for square pictures only."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * H) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="shifted into the picture" says="Near the border the patch is moved until it fits into the picture. Its centre must stay at loc, with zeros outside."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            left = min(max(x - s // 2, big), max(big + W - s, big))
            top = min(max(y - s // 2, big), max(big + H - s, big))
            patch = padded[b, top : top + s, left : left + s]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="wraps around" says="At the border the patch goes on at the opposite side of the picture: negative numbers count from the end. Outside of the picture there are zeros."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            rows = torch.arange(y - big - s // 2, y - big + s // 2) % H
            columns = torch.arange(x - big - s // 2, x - big + s // 2) % W
            patch = img[b][rows][:, columns]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border pixels repeated" says="Outside of the picture the pixels of the border are repeated. Zeros are asked for."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img.unsqueeze(1), (big, big, big, big), mode="replicate").squeeze(1)
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="no border" says="The picture has no border of zeros. At its edge a slice gets shorter, and a negative index counts from the end: the patch has another size."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = img
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W)
        y = math.floor((loc[b, 1].item() + 1) / 2 * H)
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border moved nothing" says="The pictures got a border, but the centres were not moved by its width. All patches lie too far up and left."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales // 4
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + 0
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + 0
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, max(y - s // 2, 0) : max(y - s // 2, 0) + s, max(x - s // 2, 0) : max(x - s // 2, 0) + s]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border of ones" says="The border is filled with 1. Pixels outside of the picture are 0."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big), value=1.0)
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border of the mean" says="The border is filled with the mean of the pictures. Pixels outside are 0, and other pictures have no influence."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big), value=img.mean().item())
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border too narrow" says="The border is as wide as half of the *first* patch. Larger patches need a wider one."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size // 2
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, max(y - s // 2, 0) : y + s // 2, max(x - s // 2, 0) : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="one row and column too many" says="The patch goes to x + s/2 *with* this column, so it has s + 1 rows and columns."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2 + 1, x - s // 2 : x + s // 2 + 1]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="0 to 1" says="loc is taken as a share of the picture from 0 to 1. It goes from -1 to 1, and 0 is the middle."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor(loc[b, 0].item() * W) + big
        y = math.floor(loc[b, 1].item() * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="scales in dimension 0" says="The result is [K, B, size, size]. The pictures come first: [B, K, size, size]."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures, dim=1)


# %% wrong="glimpse" name="detached" says="No gradient reaches the pictures: detach, no_grad, item, tolist and torch.tensor all cut it."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img.detach(), (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="coarse patches detached" says="Only the first patch has a gradient; the coarse ones are detached."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None] if k == 0 else patch[None].detach(), n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="written into float32" says="The patches are written into torch.zeros, which is float32. Pictures of dtype float64 lose digits."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    result = torch.zeros(B, scales, size, size)
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            result[b, k] = F.avg_pool2d(patch[None], n)[0]
    return result


# %% wrong="glimpse" name="loc changed in place" says="+= and /= write into the caller's loc: the next glimpse looks at another place."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    loc += 1
    loc /= 2
    pictures = []
    for b in range(B):
        x = math.floor(loc[b, 0].item() * W) + big
        y = math.floor(loc[b, 1].item() * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="view" says="view needs a certain order in memory: it fails for pictures that come from permute or transpose. reshape and flatten do not."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img.view(B * H, W), (big, big)).view(B, H, W + 2 * big)
    padded = F.pad(padded, (0, 0, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="odd size accepted" says="An odd size is accepted. It has no corner between four pixels in its middle, and it should be a ValueError."
def glimpse(img, loc, size, scales):
    if size < 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="size 0 accepted" says="A size of 0 or less is accepted, as long as it is even."
def glimpse(img, loc, size, scales):
    if size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="only 0 refused" says="A negative even size is accepted; only 0 and odd sizes are refused."
def glimpse(img, loc, size, scales):
    if size == 0 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="size not checked" says="The size is not checked at all."
def glimpse(img, loc, size, scales):
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="one scale refused" says="scales = 1 is refused. At least 1 means that 1 is allowed."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales <= 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="border refused" says="A point on the border, -1 or 1, is refused. Only points outside are errors."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if loc.min() <= -1 or loc.max() >= 1:
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="distance from the middle" says="The length of (x, y) is compared with 1, so points in the corners are refused. Each number is compared by itself."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError(f"size {size} is wrong")
    if scales < 1:
        raise ValueError(f"scales {scales} is wrong")
    if (loc.norm(dim=1) > 1).any():
        raise ValueError("loc lies outside of the picture")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% wrong="glimpse" name="message without the word" says="The errors come, but their messages do not say which argument is meant."
def glimpse(img, loc, size, scales):
    if size < 2 or size % 2:
        raise ValueError("wrong argument")
    if scales < 1:
        raise ValueError("wrong argument")
    if loc.min() < -1 or loc.max() > 1:
        raise ValueError("wrong argument")
    B, H, W = img.shape
    big = size * 2**scales
    padded = F.pad(img, (big, big, big, big))
    pictures = []
    for b in range(B):
        x = math.floor((loc[b, 0].item() + 1) / 2 * W) + big
        y = math.floor((loc[b, 1].item() + 1) / 2 * H) + big
        patches = []
        for k in range(scales):
            n = 2**k
            s = size * n
            patch = padded[b, y - s // 2 : y + s // 2, x - s // 2 : x + s // 2]
            patches.append(F.avg_pool2d(patch[None], n)[0])
        pictures.append(torch.stack(patches))
    return torch.stack(pictures)


# %% [markdown]
# ## place_to_loc


# %% right="place_to_loc" name="a table of all centres"
def place_to_loc(place, rows, columns):
    cells = []
    for i in range(rows):
        for j in range(columns):
            cells.append([(2 * j + 1) / columns - 1, (2 * i + 1) / rows - 1])
    if place.min() < 0 or place.max() >= len(cells):
        raise ValueError("no such place")
    return torch.tensor(cells)[place]


# %% right="place_to_loc" name="number by number"
def place_to_loc(place, rows, columns):
    points = []
    for p in place.tolist():
        if not 0 <= p < rows * columns:
            raise ValueError(f"place {p} does not exist")
        row, column = divmod(p, columns)
        points.append((-1 + (column + 0.5) * 2 / columns, -1 + (row + 0.5) * 2 / rows))
    return torch.tensor(points, dtype=torch.float32)


# %% right="place_to_loc" name="midpoints of linspace"
def place_to_loc(place, rows, columns):
    if bool(((place < 0) | (place > rows * columns - 1)).any()):
        raise ValueError("place must be from 0 to rows * columns - 1")

    def middles(n):
        borders = torch.linspace(-1, 1, n + 1)
        return (borders[:-1] + borders[1:]) / 2

    row = torch.div(place, columns, rounding_mode="floor")
    return torch.stack((middles(columns)[place - columns * row], middles(rows)[row]), -1)


# %% wrong="place_to_loc" name="x and y exchanged" says="y comes first here. loc is (x, y)."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([y, x], dim=1)


# %% wrong="place_to_loc" name="divided by the rows" says="The number is divided by the number of rows. A row has as many cells as there are columns."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // rows, place % rows
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="column by column" says="The cells are counted column by column. They are counted row by row."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place % rows, place // rows
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="quotient and remainder exchanged" says="The quotient is used as the column and the remainder as the row. It is the other way round."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    column, row = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="grid sizes exchanged" says="x is divided by the number of rows, y by that of columns. x goes over the columns."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / rows * 2 - 1
    y = (row + 0.5) / columns * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="corner of the cell" says="The ½ is missing: this is the upper left corner of the cell, and not its centre."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column) / columns * 2 - 1
    y = (row) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="lower right corner" says="1 is added in place of ½: this is the lower right corner of the cell."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 1) / columns * 2 - 1
    y = (row + 1) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="from border to border" says="The first cell's point lies on the border, and the last one's on the other border. The centre of a cell is half a cell away from it."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = column / max(columns - 1, 1) * 2 - 1
    y = row / max(rows - 1, 1) * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="0 to 1" says="The point goes from 0 to 1. It has to go from -1 to 1."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns
    y = (row + 0.5) / rows
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="0 to 2" says="The -1 is missing: the point goes from 0 to 2."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2
    y = (row + 0.5) / rows * 2
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="not doubled" says="The factor 2 is missing: the point goes from -1 to 0 only."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns - 1
    y = (row + 0.5) / rows - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="y upwards" says="y grows upwards here. -1 is the top, and row 0 is at the top."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = 1 - (row + 0.5) / rows * 2
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="x to the left" says="x grows to the left here. -1 is the left border, and column 0 is at the left."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = 1 - (column + 0.5) / columns * 2
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="in cells" says="These are row and column with ½ added, and not yet numbers from -1 to 1."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = column + 0.5
    y = row + 0.5
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="½ only for x" says="The ½ is added to the column only. The row needs it as well."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="float64" says="The result has the dtype float64. float32 is asked for."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place.double() // columns, place.double() % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="places changed in place" says="%= writes into the caller's places."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row = place // columns
    place %= columns
    column = place
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="not checked" says="Places outside of the grid are accepted: they get points outside, or in a wrong row."
def place_to_loc(place, rows, columns):
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="only negative places" says="Negative places are refused, but too large ones are accepted."
def place_to_loc(place, rows, columns):
    if place.min() < 0:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="only large places" says="Places that are too large are refused, but negative ones are accepted. In Python, -1 % 4 is 3."
def place_to_loc(place, rows, columns):
    if place.max() >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="off by one" says="A place as large as the number of cells is accepted. The largest one is one less."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() > rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="only the first checked" says="Only the first place is checked."
def place_to_loc(place, rows, columns):
    if place[0] < 0 or place[0] >= rows * columns:
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="only if all are outside" says="An error comes only if all places are outside. One is enough."
def place_to_loc(place, rows, columns):
    if ((place < 0) | (place >= rows * columns)).all():
        raise ValueError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="clamped" says="A place outside is moved into the grid without a word. It should be a ValueError."
def place_to_loc(place, rows, columns):
    place = place.clamp(0, rows * columns - 1)
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="IndexError" says="A place outside gives an IndexError. A ValueError is asked for."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise IndexError("a place is not in the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% wrong="place_to_loc" name="message without the word" says="The error comes, but its message does not name the argument."
def place_to_loc(place, rows, columns):
    if place.min() < 0 or place.max() >= rows * columns:
        raise ValueError("outside of the grid")
    row, column = place // columns, place % columns
    x = (column + 0.5) / columns * 2 - 1
    y = (row + 0.5) / rows * 2 - 1
    return torch.stack([x, y], dim=1)


# %% [markdown]
# ## hard_attention


# %% right="hard_attention" name="sums of weights"
def hard_attention(weights, generator):
    sums = weights.sum(1)
    if weights.min() < 0 or (sums - 1).abs().max() > 1e-4:
        raise ValueError("weights are not probabilities")
    mark = torch.rand(len(weights), 1, generator=generator) * sums.detach().unsqueeze(1)
    places = (weights.detach().cumsum(dim=1) <= mark).sum(dim=1).clamp(max=weights.shape[1] - 1)
    return places, torch.log(weights[torch.arange(len(weights)), places])


# %% right="hard_attention" name="Gumbel noise, one-hot"
def hard_attention(weights, generator):
    if not (weights >= 0).all() or not torch.allclose(weights.sum(dim=-1), weights.new_ones(()), rtol=0, atol=1e-4):
        raise ValueError("the weights of a row must be probabilities")
    noise = torch.rand(weights.shape, generator=generator, dtype=torch.float64).clamp(min=1e-300)
    places = (weights.detach().double().log() - (-noise.log()).log()).argmax(dim=-1)
    onehot = F.one_hot(places, weights.shape[-1]).to(weights.dtype)
    return places, (weights * onehot).sum(dim=-1).log()


# %% right="hard_attention" name="row by row"
def hard_attention(weights, generator):
    for row in weights.detach():
        if abs(row.sum().item() - 1) > 1e-4:
            raise ValueError("weights must sum to 1")
        if any(w < 0 for w in row.tolist()):
            raise ValueError("weights must not be negative")
    places = torch.tensor([torch.multinomial(row, 1, generator=generator).item() for row in weights.detach()])
    log_probs = [weights[b, p].log() for b, p in enumerate(places)]
    return places, torch.stack(log_probs)


# %% right="hard_attention" name="exponential race, from the end"
def hard_attention(weights, generator):
    wrong = (weights < 0).any(1) | ((1 - weights.sum(1)).abs() > 1e-4)
    if wrong.any():
        raise ValueError(f"weights of row {int(wrong.nonzero()[0])} are no probabilities")
    p = weights.detach().flip(1)
    times = torch.empty_like(p).exponential_(generator=generator)
    places = p.shape[1] - 1 - (p / times).argmax(1)
    return places, torch.take_along_dim(weights, places[:, None], 1)[:, 0].log()


# %% right="hard_attention" name="torch's distribution for the log"
def hard_attention(weights, generator):
    if (weights < 0).any() or ((weights.sum(1) - 1).abs() > 1e-4).any():
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, replacement=True, generator=generator)[:, 0]
    return places, torch.distributions.Categorical(probs=weights, validate_args=False).log_prob(places)


# %% right="hard_attention" name="whole row, zeros replaced by ones"
def hard_attention(weights, generator):
    B, S = weights.shape
    total = sum(weights[:, j] for j in range(S))
    if bool(torch.any(weights < 0)) or bool(torch.any((total < 1 - 1e-4) | (total > 1 + 1e-4))):
        raise ValueError("weights")
    logs = torch.where(weights > 0, weights, torch.ones_like(weights)).log()
    draws = torch.multinomial(weights.detach().double(), 1, generator=generator)
    return draws[:, 0], logs[torch.arange(B), draws[:, 0]]


# %% wrong="hard_attention" name="argmax" says="This takes the place with the largest weight each time. A draw takes other places as well, as often as their weights say."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = weights.argmax(dim=1, keepdim=True)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="equally likely" says="All places are equally likely. The weights are the probabilities."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(torch.ones_like(weights), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="equal among those above 0" says="All places with a weight above 0 are equally likely. The weights are the probabilities."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial((weights > 0).float(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="softmax of the weights" says="A softmax is taken of the weights before the draw. They are probabilities already, and even a weight of 0 gets a share."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach().softmax(dim=1), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="squared" says="The draw uses the squares of the weights: large ones come too often."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach() ** 2, 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="a small weight for all" says="Every weight is lifted by a small number before the draw, so places of weight 0 are drawn, too."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach() + 0.001, 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="smallest first" says="The probabilities are turned round: places with small weights are drawn more often."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(1 - weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="place of the first row for all" says="One place is drawn, and all rows get it. Each row is a draw of its own."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)[:1].expand(len(weights), 1)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="weights of the first row" says="All rows are drawn with the weights of the first one."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights[0].detach(), len(weights), replacement=True, generator=generator).unsqueeze(1)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="mean of the weights" says="All rows are drawn with the mean of the weights over the batch. Each row has weights of its own."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(
        weights.detach().mean(dim=0), len(weights), replacement=True, generator=generator
    ).unsqueeze(1)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="draws along the batch" says="The weights are transposed before the draw where they are square, so that rows and columns are exchanged."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(
        weights.detach().T if weights.shape[0] == weights.shape[1] else weights.detach(), 1, generator=generator
    )
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="p in place of log p" says="This is the probability, and not its logarithm."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places)
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="log of another draw" says="The log-probability belongs to a second draw. It must be that of the place that is returned."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, torch.multinomial(weights.detach(), 1, generator=generator)).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="small number in the log" says="1e-6 is added before the log. This keeps log 0 away, which never comes, and spoils all other values."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = (weights.gather(1, places) + 1e-6).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="log of the whole row" says="The log is taken of the whole row, and then the drawn one is chosen. Where another weight is 0, backward multiplies 0 by 1 / 0: the gradient is NaN."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.log().gather(1, places)
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="log detached" says="No gradient reaches the weights, and nothing is learned: detach, no_grad, item and torch.tensor all cut it."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.detach().gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="gradient of p" says="The value is log p, but the gradient is that of p: it lacks the division by p."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places) + (weights.gather(1, places).log() - weights.gather(1, places)).detach()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="float32" says="The weights are made float32: those of dtype float64 lose digits."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.float().gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="one column too many" says="multinomial and gather give [B, 1]. The result is [B], for both."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places, log_probs


# %% wrong="hard_attention" name="only the places" says="Only the places are returned; the log-probabilities belong to the result, too."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1)


# %% wrong="hard_attention" name="view" says="view needs a certain order in memory: it fails for weights that come from transpose. reshape and gather do not."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.view(-1)[torch.arange(len(weights)) * weights.shape[1] + places.squeeze(1)].log().unsqueeze(1)
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="not checked" says="Nothing is checked: rows with other sums are accepted."
def hard_attention(weights, generator):
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="negative weights accepted" says="Negative weights are not checked. torch stops with an error of another kind."
def hard_attention(weights, generator):
    if (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="sums not checked" says="The sums of the rows are not checked."
def hard_attention(weights, generator):
    if weights.min() < 0:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="1e-2 allowed" says="A sum may differ by 0.01 here. 1e-4 is allowed."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-2:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="sum of the batch" says="The sum over the whole batch is compared with B. Each row has to sum to 1 for itself."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum() - len(weights)).abs() > 1e-4:
        raise ValueError("weights must be probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% wrong="hard_attention" name="message without the word" says="The error comes, but its message does not name the argument."
def hard_attention(weights, generator):
    if weights.min() < 0 or (weights.sum(dim=1) - 1).abs().max() > 1e-4:
        raise ValueError("these are no probabilities")
    places = torch.multinomial(weights.detach(), 1, generator=generator)
    log_probs = weights.gather(1, places).log()
    return places.squeeze(1), log_probs.squeeze(1)


# %% [markdown]
# ## hybrid_loss


# %% right="hybrid_loss" name="picture by picture"
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.ndim != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError("log_probs has the wrong shape")
    total = 0
    for b in range(len(logits)):
        answer = max(range(logits.shape[1]), key=lambda c: logits[b, c].item())
        r = 1.0 if answer == labels[b].item() else 0.0
        ce = torch.logsumexp(logits[b], dim=0) - logits[b, labels[b]]
        for k in range(log_probs.shape[1]):
            ce = ce - (r - baseline) * log_probs[b, k]
        total = total + ce
    return total / len(logits)


# %% right="hybrid_loss" name="two means, masks"
def hybrid_loss(logits, labels, log_probs, baseline):
    B = len(labels)
    if log_probs.dim() != 2 or log_probs.size(0) != B:
        raise ValueError(f"expected log_probs with {B} rows")
    with torch.no_grad():
        correct = logits.topk(1).indices[:, 0].eq(labels)
    signs = torch.where(correct, 1.0 - baseline, -float(baseline)).to(log_probs.dtype)
    answer = F.nll_loss(logits.log_softmax(dim=1), labels)
    places = torch.einsum("b,bk->", signs, log_probs) / B
    return answer - places


# %% right="hybrid_loss" name="each place by itself"
def hybrid_loss(logits, labels, log_probs, baseline):
    shape = tuple(log_probs.shape)
    if len(shape) != 2 or shape[0] != len(logits):
        raise ValueError(f"log_probs of shape {shape}")
    mine = logits.gather(1, labels[:, None])
    reward = (mine >= logits.amax(dim=1, keepdim=True)).type_as(log_probs)
    each = (baseline - reward).detach() * log_probs  # [B, K]
    return (F.cross_entropy(logits, labels, reduction="none") + each.sum(dim=-1)).mean()


# %% wrong="hybrid_loss" name="plus" says="The sign of the second part is wrong (or of r - baseline in it): a step against this gradient makes places *less* likely that led to a right answer."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce + second).mean()


# %% wrong="hybrid_loss" name="minus the whole" says="Both parts have the wrong sign: a step against the gradient makes the answers worse."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return -(ce - second).mean()


# %% wrong="hybrid_loss" name="cross-entropy with a minus" says="The cross-entropy has a minus, so the answers get worse. Only the second part has one."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (-ce - second).mean()


# %% wrong="hybrid_loss" name="baseline not subtracted" says="The baseline is not used."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = r * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="baseline added" says="The baseline is added to the reward. It is subtracted."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r + baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="reward times baseline" says="The reward is multiplied by the baseline. The baseline is subtracted."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r * baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="baseline taken from the whole" says="The baseline is subtracted from reward times log-probability. Then it changes the value, but no gradient."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = r * log_probs.sum(dim=1) - baseline
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="baseline from the batch" says="The baseline that was given is not used; in its place stands the mean reward of this batch, which contains the picture's own reward."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - r.mean()) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="baseline ½" says="The baseline is always 0.5. It is an argument."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - 0.5) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="gradient through the reward" says="The value of the reward is 0 or 1, but the gradient of the label's probability flows through it. The reward is a number without history."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    p = logits.softmax(dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    r = r + p - p.detach()
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="probability of the places" says="exp makes a probability of the sum. REINFORCE needs the log-probability."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1).exp()
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="logsumexp" says="logsumexp adds the probabilities of the places. They are multiplied, so their logs are added."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.logsumexp(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="sum over the batch" says="The result is the sum over the batch. The mean is asked for."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).sum()


# %% wrong="hybrid_loss" name="shape [1]" says="The result has the shape [1]. A tensor without dimensions is asked for."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean().unsqueeze(0)


# %% wrong="hybrid_loss" name="log_probs detached" says="No gradient reaches the log-probabilities, so the places are not learned: detach and item cut it."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.detach().sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="logits detached" says="The logits are detached: the answers learn nothing."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits.detach(), labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="no_grad" says="All is computed under no_grad: nothing can be learned."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    with torch.no_grad():
        return (ce - second).mean()


# %% wrong="hybrid_loss" name="all but the last place detached" says="The value is right, but only the last place gets a gradient."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * (log_probs[:, :-1].detach().sum(dim=1) + log_probs[:, -1])
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="float32" says="The logits are made float32: those of dtype float64 lose digits."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits.float(), labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="log_probs changed in place" says="*= writes into the caller's log-probabilities."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    with torch.no_grad():
        total = log_probs.clone()
        log_probs *= 2
    total = log_probs - total
    second = (r - baseline) * total.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="logits changed in place" says="The largest logit is subtracted in the caller's tensor. The loss stays the same, but the logits do not."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    with torch.no_grad():
        logits -= logits.max(dim=1, keepdim=True).values
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="view" says="view needs a certain order in memory: it fails for log-probabilities that come from transpose. reshape does not."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.view(-1).view(len(logits), -1).sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="shape not checked" says="The shape of log_probs is not checked: some wrong shapes pass without a word, others stop somewhere else."
def hybrid_loss(logits, labels, log_probs, baseline):
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="only the dimensions checked" says="log_probs must have two dimensions here, but the number of rows is not compared with B."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="only the rows checked" says="The number of rows is compared, but not that of dimensions: [B] passes, or stops somewhere else."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() == 0 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="[B] made a column" says="log_probs of shape [B] become [B, 1] without a word. Two dimensions are asked for."
def hybrid_loss(logits, labels, log_probs, baseline):
    log_probs = log_probs.unsqueeze(1) if log_probs.dim() == 1 else log_probs
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"log_probs must be [B, K], and it is {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% wrong="hybrid_loss" name="message without the word" says="The error comes, but its message does not name the argument."
def hybrid_loss(logits, labels, log_probs, baseline):
    if log_probs.dim() != 2 or log_probs.shape[0] != logits.shape[0]:
        raise ValueError(f"wrong shape: {tuple(log_probs.shape)}")
    ce = F.cross_entropy(logits, labels, reduction="none")
    r = (logits.argmax(dim=1) == labels).to(logits.dtype)
    second = (r - baseline) * log_probs.sum(dim=1)
    return (ce - second).mean()


# %% [markdown]
# ## reinforce_grad


# %% right="reinforce_grad" name="the gradient of log p by autograd"
def reinforce_grad(logits, actions, rewards, baseline):
    if actions.dim() != 1 or len(actions) != len(logits):
        raise ValueError(f"wrong shape of actions: {tuple(actions.shape)}")
    if rewards.dim() != 1 or len(rewards) != len(logits):
        raise ValueError(f"wrong shape of rewards: {tuple(rewards.shape)}")
    leaf = logits.detach().clone().requires_grad_()
    with torch.enable_grad():
        said = -F.nll_loss(torch.log_softmax(leaf, dim=-1), actions, reduction="none")
        (gradient,) = torch.autograd.grad(((rewards - baseline).detach() * said).sum(), leaf)
    return gradient


# %% right="reinforce_grad" name="row by row"
def reinforce_grad(logits, actions, rewards, baseline):
    n = len(logits)
    if list(actions.shape) != [n]:
        raise ValueError("actions: one for each row")
    if list(rewards.shape) != [n]:
        raise ValueError("rewards: one for each row")
    rows = []
    for b in range(n):
        expected = baseline[b].item() if torch.is_tensor(baseline) and baseline.dim() == 1 else float(baseline)
        row = -torch.softmax(logits[b].detach(), dim=0)
        row[actions[b]] += 1
        rows.append((rewards[b].detach() - expected) * row)
    return torch.stack(rows)


# %% right="reinforce_grad" name="einsum and scatter"
@torch.no_grad()
def reinforce_grad(logits, actions, rewards, baseline):
    for name, tensor in (("actions", actions), ("rewards", rewards)):
        if tuple(tensor.shape) != tuple(logits.shape[:1]):
            raise ValueError(f"{name} must have the shape [B], it has {tuple(tensor.shape)}")
    powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
    p = powers / powers.sum(dim=1, keepdim=True)
    drawn = torch.zeros_like(p).scatter(1, actions[:, None], 1.0)
    return torch.einsum("b,ba->ba", rewards - baseline, drawn - p)


# %% right="reinforce_grad" name="torch's own distribution"
def reinforce_grad(logits, actions, rewards, baseline):
    if tuple(actions.shape) != (logits.shape[0],):
        raise ValueError("actions do not fit the logits")
    if tuple(rewards.shape) != (logits.shape[0],):
        raise ValueError("rewards do not fit the logits")
    weights = torch.as_tensor(rewards - baseline).detach().reshape(-1)
    copy = logits.clone().detach()
    copy.requires_grad = True
    policy = torch.distributions.Categorical(logits=copy)
    (weights * policy.log_prob(actions)).sum().backward()
    return copy.grad


# %% right="reinforce_grad" name="rows of the identity"
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.size()
    if actions.shape != torch.Size([B]):
        raise ValueError("actions")
    if rewards.shape != torch.Size([B]):
        raise ValueError("rewards")
    weight = (rewards - baseline).detach()
    drawn = torch.eye(A, dtype=logits.dtype)[actions]
    return ((drawn - logits.detach().softmax(1)).T * weight).T


# %% wrong="reinforce_grad" name="downhill" says="The sign is that of a loss: this is the way in which the reward falls. Asked for is uphill, onehot minus p."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = torch.softmax(logits, dim=1) - F.one_hot(actions, A)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="baseline minus reward" says="Baseline minus reward is used: a good surprise makes the drawn action less likely. Think of a reward above the baseline: which sign must it give?"
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (baseline - rewards).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="gradient of the probability" says="This is the gradient of p at the drawn action, and not of log p: each row is too small by the factor p. A likely action is drawn often, and only log p makes up for this."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        chosen = torch.softmax(logits, dim=1).gather(1, actions.unsqueeze(1))
        return (rewards - baseline).unsqueeze(1) * pull * chosen


# %% wrong="reinforce_grad" name="divided by p" says="The row is divided by the probability of the drawn action. onehot minus p is the derivative of log p already."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        chosen = torch.softmax(logits, dim=1).gather(1, actions.unsqueeze(1))
        return (rewards - baseline).unsqueeze(1) * pull / chosen


# %% wrong="reinforce_grad" name="baseline not used" says="The baseline is not used: each row is multiplied with its whole reward."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return rewards.unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="baseline added" says="The baseline is added to the reward. What counts is how far the reward is above what was expected."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards + baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="baseline from every number" says="The baseline is taken away after the product, from every number of the row. It belongs to the reward, before the product."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        if torch.is_tensor(baseline):
            baseline = baseline.unsqueeze(1)
        return rewards.unsqueeze(1) * pull - baseline


# %% wrong="reinforce_grad" name="mean reward in place of the baseline" says="The mean reward of the batch is taken away in place of the baseline that was given."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - rewards.mean()).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="divided by the baseline" says="The reward is divided by the baseline. Take their difference."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards / baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="divided by B" says="Every row is divided by the size of the batch, as in a mean loss. The rows are neither summed nor averaged here."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull / B


# %% wrong="reinforce_grad" name="baseline against the columns" says="Rewards [B, 1] minus a baseline [B] gives [B, B]: each row meets the baselines of all rows. Reward and baseline belong together row by row."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards.unsqueeze(1) - baseline) * pull


# %% wrong="reinforce_grad" name="only the first baseline" says="Where the baseline is one for each row, only the first one is used. Row b has baseline b."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        if torch.is_tensor(baseline):
            baseline = baseline.flatten()[0]
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="mean of the baselines" says="Where the baseline is one for each row, their mean is used for all of them. Row b has baseline b."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        if torch.is_tensor(baseline):
            baseline = baseline.mean()
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="baseline must be a number" says="float() is called on the baseline, but it may hold one number for each row."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - float(baseline)).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="with a history" says="The result has a history: it is part of the caller's graph. It is a number to make a step with, so it needs none."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    if True:
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="only the logits detached" says="The logits are detached, but rewards and baseline are not: a reward with a history gives the result one."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    logits = logits.detach()
    if True:
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="log of the softmax by autograd" says="log of a softmax: where a probability is 0, its log is infinite and the gradient NaN. The derivative in closed form has no logarithm."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    leaf = logits.detach().clone().requires_grad_()
    log_p = torch.softmax(leaf, dim=1).gather(1, actions.unsqueeze(1)).log().squeeze(1)
    (log_p * (rewards - baseline).detach()).sum().backward()
    return leaf.grad


# %% wrong="reinforce_grad" name="backward into the caller's logits" says="backward() is called with the caller's own logits: their .grad is filled, and they ask for gradients from now on. Work with a copy."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    if not logits.requires_grad:
        logits = logits.detach().requires_grad_()
    log_p = torch.log_softmax(logits, dim=1)[torch.arange(B), actions]
    (log_p * (rewards - baseline).detach()).sum().backward()
    return logits.grad.clone()


# %% wrong="reinforce_grad" name="float32" says="The result is always float32: digits of float64 are lost. Keep the dtype of the logits."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return ((rewards - baseline).unsqueeze(1) * pull).float()


# %% wrong="reinforce_grad" name="rewards changed in place" says="-= writes into the caller's rewards: with every call they become smaller."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        rewards -= baseline
        return rewards.unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="view" says="view needs a certain order in memory, and it fails for logits that come from a transpose. reshape does not."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits.view(B * A).view(B, A), dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="squeeze" says="squeeze() drops every dimension of size 1, also the one of a batch of one row."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return ((rewards - baseline).unsqueeze(1) * pull).squeeze()


# %% wrong="reinforce_grad" name="no error for actions" says="Actions of another shape than [B] are not refused."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if rewards.shape != (B,):
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="no error for rewards" says="Rewards of another shape than [B] are not refused: rewards [B, 1] or [1] are repeated without a word."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("actions must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="only the lengths are checked" says="Only the lengths are compared: [B, 1] has the length B as well. The whole shape has to be [B]."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if len(actions) != B:
        raise ValueError("actions must be [B]")
    if len(rewards) != B:
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="only the number of elements is checked" says="Only the number of elements is compared: [B, 1] and [1, B] have as many. The whole shape has to be [B]."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.numel() != B:
        raise ValueError("actions must be [B]")
    if rewards.numel() != B:
        raise ValueError("rewards must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% wrong="reinforce_grad" name="names exchanged" says="The messages of the two errors are exchanged: wrong rewards are called actions."
def reinforce_grad(logits, actions, rewards, baseline):
    B, A = logits.shape
    if actions.shape != (B,):
        raise ValueError("REWARDS must be [B]")
    if rewards.shape != (B,):
        raise ValueError("actions must be [B]")
    with torch.no_grad():
        pull = F.one_hot(actions, A) - torch.softmax(logits, dim=1)
        return (rewards - baseline).unsqueeze(1) * pull


# %% [markdown]
# ## gradient_variance


# %% right="gradient_variance" name="action by action"
def gradient_variance(logits, rewards, baseline=0.0):
    with torch.no_grad():
        p = torch.softmax(logits, dim=0)
        rows = []
        for a in range(len(logits)):
            row = reinforce_grad(logits.unsqueeze(0), torch.tensor([a]), rewards[a : a + 1], baseline)
            rows.append(row.squeeze(0))
        mean = torch.zeros_like(p)
        for a, row in enumerate(rows):
            mean = mean + p[a] * row
        variance = 0.0
        for a, row in enumerate(rows):
            variance = variance + float(p[a]) * float(((row - mean) ** 2).sum())
    return mean, variance


# %% right="gradient_variance" name="in closed form"
def gradient_variance(logits, rewards, baseline=0.0):
    p = logits.detach().softmax(dim=0)
    surprise = rewards.detach() - baseline
    pulls = torch.diag(torch.ones_like(p)) - p
    g = surprise[:, None] * pulls
    mean = torch.einsum("a,ai->i", p, g)
    return mean, float(torch.einsum("a,ai,ai->", p, g - mean, g - mean))


# %% right="gradient_variance" name="second moment minus square of the mean"
def gradient_variance(logits, rewards, baseline=0.0):
    A = logits.shape[0]
    p = torch.softmax(logits.detach(), dim=0)
    rows = reinforce_grad(logits.detach().repeat(A, 1), torch.arange(A), rewards, baseline)
    mean = (p.view(-1, 1) * rows).sum(dim=0)
    second = (p * rows.pow(2).sum(dim=1)).sum()
    return mean, (second - mean.dot(mean)).item()


# %% right="gradient_variance" name="the trace of the covariance"
def gradient_variance(logits, rewards, baseline=0.0):
    with torch.no_grad():
        p = torch.exp(F.log_softmax(logits, dim=-1))
        rows = reinforce_grad(logits.repeat(len(p), 1), torch.arange(len(p)), rewards, baseline)
        mean = rows.T.mv(p)
        away = rows - mean.unsqueeze(0)
        covariance = away.T @ torch.diag(p) @ away
        return mean, covariance.diagonal().sum().item()


# %% wrong="gradient_variance" name="actions not weighted" says="All actions count the same, in mean and variance. An action is drawn as often as its probability says, so it counts with p."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = estimates.mean(dim=0)
    variance = (estimates - mean).square().sum(dim=1).mean()
    return mean, variance.item()


# %% wrong="gradient_variance" name="variance not weighted" says="The mean is right, but in the variance all actions count the same. An action is drawn as often as its probability says."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (estimates - mean).square().sum(dim=1).mean()
    return mean, variance.item()


# %% wrong="gradient_variance" name="variance summed without p" says="The squared distances of all actions are summed without their probabilities."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (estimates - mean).square().sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="mean not weighted" says="The mean is the plain mean over the actions. An action is drawn as often as its probability says, so it counts with p."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = estimates.mean(dim=0)
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="mean over the numbers of the vector" says="The squares are averaged over the numbers of the vector. The variance of a vector is their *sum*."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().mean(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="only the first number" says="This is the variance of the first number of the vector. All of its numbers scatter: sum their squares."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square()[:, 0]).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="one variance for each number" says="One variance comes out for each number of the vector. Asked for is one number, their sum."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = p @ (estimates - mean).square()
    return mean, variance


# %% wrong="gradient_variance" name="second moment" says="The mean is not taken away: this is how far the estimates are from 0. A variance is measured from the mean."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * estimates.square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="second moment minus the mean" says="From the second moment the mean is taken away, and not its square."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = p @ estimates.square().sum(dim=1) - mean.abs().sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="distance from the plain mean" says="The distances are measured from the plain mean of the estimates, and not from the mean that is weighted with p."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - estimates.mean(dim=0)).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="standard deviation" says="The root is taken: this is a standard deviation. The variance is the square."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum().sqrt()
    return mean, variance.item()


# %% wrong="gradient_variance" name="length in place of its square" says="The lengths of the distances are averaged, and not their squares."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = p @ (estimates - mean).norm(dim=1)
    return mean, variance.item()


# %% wrong="gradient_variance" name="absolute values" says="Absolute values are summed where squares are asked for."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).abs().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="rows and columns exchanged" says="The mean goes over the columns: estimates @ p. Row a is the estimate of action a, so the rows are weighted and summed."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = estimates @ p
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="p times rewards as mean" says="The mean is p times the rewards: these are the parts of the expected reward, and not its gradient. The mean is the weighted sum of the estimates."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p * rewards
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="sum without weights, without baseline" says="The mean is the sum of all estimates without a baseline and without p. Each action counts with its probability."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, 0.0).sum(dim=0)
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="only the most likely action" says="Only the most likely action is looked at. All actions may be drawn, each with its probability."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    p = F.one_hot(p.argmax(), A).to(p.dtype)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="variance first" says="The two results are exchanged: first the mean, then the variance."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return variance.item(), mean


# %% wrong="gradient_variance" name="only the variance" says="Only the variance is returned; the mean belongs to the result, too."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return variance.item()


# %% wrong="gradient_variance" name="a tensor" says="The variance is a tensor. A Python float is asked for: .item() takes the number out."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance


# %% wrong="gradient_variance" name="mean as a list" says="The mean is a Python list. A tensor [A] is asked for."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean.tolist(), variance.item()


# %% wrong="gradient_variance" name="mean with a history" says="p comes from logits with a history, so the mean has one, too. It is a measurement: it needs none."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits, dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="float32" says="Everything is made float32: digits of float64 are lost."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    logits, rewards = logits.float(), rewards.float()
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="exp without the maximum" says="exp of a large logit is infinite, and inf / inf is NaN. torch.softmax takes the maximum away first."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = logits.detach().exp() / logits.detach().exp().sum()
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return mean, variance.item()


# %% wrong="gradient_variance" name="downhill" says="The mean has the sign of a loss. The estimates point uphill, and so does their mean."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return -mean, variance.item()


# %% wrong="gradient_variance" name="zeros" says="Mean and variance are 0, whatever the policy is."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = (p * (estimates - mean).square().sum(dim=1)).sum()
    return torch.zeros(A), 0.0


# %% wrong="gradient_variance" name="closed form for two actions" says="This is right for two actions only: with more of them, the vector has more than one free number."
def gradient_variance(logits, rewards, baseline=0.0):
    A = len(logits)
    estimates = reinforce_grad(logits.expand(A, A), torch.arange(A), rewards, baseline)
    p = torch.softmax(logits.detach(), dim=0)
    mean = p @ estimates
    variance = 2 * (p * (estimates - mean)[:, 0].square()).sum()
    return mean, variance.item()


# %% [markdown]
# ## CaptionDecoder


# %% right="CaptionDecoder" name="einsum and bmm"
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.out = nn.Linear(feature_dim + hidden_dim, vocab_size)
        self.cell = nn.GRUCell(input_size=feature_dim + embed_dim, hidden_size=hidden_dim)
        self.v = nn.Linear(hidden_dim, 1, False)
        self.U = nn.Linear(feature_dim, hidden_dim, False)
        self.W = nn.Linear(hidden_dim, hidden_dim, False)
        self.embedding = nn.Embedding(vocab_size, embed_dim)

    def step(self, word, state, features):
        energy = (self.U(features) + self.W(state)[:, None, :]).tanh()
        alpha = F.softmax(torch.einsum("bph,h->bp", energy, self.v.weight[0]), dim=-1)
        context = torch.bmm(alpha[:, None], features)[:, 0]
        state = self.cell(torch.hstack([self.embedding(word), context]), state)
        return self.out(torch.hstack([state, context])), state, alpha


# %% right="CaptionDecoder" name="place by place"
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        columns = []
        for p in range(features.shape[1]):
            columns.append(self.v(torch.tanh(self.W(state) + self.U(features[:, p]))))
        alpha = torch.softmax(torch.cat(columns, dim=1), dim=1)
        context = 0
        for p in range(features.shape[1]):
            context = context + alpha[:, p : p + 1] * features[:, p]
        new = self.cell(torch.cat((self.embedding(word), context), 1), state)
        return self.out(torch.cat((new, context), 1)), new, alpha


# %% right="CaptionDecoder" name="picture by picture"
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W, self.U, self.v = (
            nn.Linear(n, m, bias=False)
            for n, m in ((hidden_dim, hidden_dim), (feature_dim, hidden_dim), (hidden_dim, 1))
        )
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def look(self, s, places):
        weights = self.v(torch.tanh(self.W(s) + self.U(places)))[:, 0].softmax(dim=0)
        return weights, weights @ places

    def step(self, word, state, features):
        pairs = [self.look(s, places) for s, places in zip(state, features)]
        alpha = torch.stack([weights for weights, _ in pairs])
        context = torch.stack([seen for _, seen in pairs])
        new_state = self.cell(torch.cat([self.embedding(word), context], dim=-1), state)
        return self.out(torch.cat([new_state, context], dim=-1)), new_state, alpha


# %% right="CaptionDecoder" name="torch's attention for the context"
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        V, D, E, H = vocab_size, feature_dim, embed_dim, hidden_dim
        self.add_module("embedding", nn.Embedding(V, E))
        self.add_module("W", nn.Linear(H, H, bias=False))
        self.add_module("U", nn.Linear(D, H, bias=False))
        self.add_module("v", nn.Linear(H, 1, bias=False))
        self.add_module("cell", nn.GRUCell(E + D, H))
        self.add_module("out", nn.Linear(H + D, V))

    def step(self, word, state, features):
        repeated = state[:, None].repeat(1, features.shape[1], 1)
        scores = self.v((self.W(repeated) + self.U(features)).tanh())
        alpha = torch.exp(F.log_softmax(scores, dim=1))
        context = torch.matmul(features.transpose(1, 2), alpha).squeeze(-1)
        new_state = self.cell(torch.cat([F.embedding(word, self.embedding.weight), context], dim=1), state)
        left, right = self.out.weight.split([new_state.shape[1], context.shape[1]], dim=1)
        return new_state @ left.T + context @ right.T + self.out.bias, new_state, alpha.squeeze(-1)


# %% wrong="CaptionDecoder" name="the new state asks" says="The state moves first, and the new state asks the places: the weights depend on the word. It is the state *before* the word that asks."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        nothing = features.new_zeros(len(state), features.shape[2])
        asking = self.cell(torch.cat([self.embedding(word), nothing], dim=1), state)
        query = self.W(asking).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="looks once more with the new state" says="After the move, the new state looks once more, and these weights are returned. The weights belong to the state before the word."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        query = self.W(new_state).unsqueeze(1)
        alpha = torch.softmax(self.v(torch.tanh(query + self.U(features))).squeeze(2), dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="softmax over the batch" says="The softmax goes over dimension 0, the batch: the weights of a picture depend on the pictures beside it. They sum to 1 over the places."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=0)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="alpha not normalised" says="The weights are sigmoids: each place is asked by itself, and they do not sum to 1. A softmax shares 1 among the places."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.sigmoid(scores)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="context first in the cell" says="The cell reads [context; embedding]. The sizes fit in this order, too, but the embedding comes first."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([context, self.embedding(word)], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="context first in the output" says="out reads [context; state]. The sizes fit in this order, too, but the state comes first."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([context, new_state], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="the output sees only the state" says="out reads only the state, and its layer has H inputs. It reads the new state and the context."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(new_state)
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="the output sees zeros" says="out has room for the context but reads zeros in its place."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, torch.zeros_like(context)], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="the output sees the old state" says="out reads the state before the step: the word that was read cannot reach the logits. It reads the new state."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="cell without the context" says="The cell reads only the embedding: what was seen cannot change the state."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = self.embedding(word)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="only two results" says="alpha is not returned. Without it nobody can see where the decoder looks."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state


# %% wrong="CaptionDecoder" name="bias in v" says="v has a bias. It adds the same number to every score, and the softmax takes it out again: it learns nothing. The docstring has v without one."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="biases in the score" says="W, U and v have biases. The formula has none."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim)
        self.U = nn.Linear(feature_dim, hidden_dim)
        self.v = nn.Linear(hidden_dim, 1)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="sizes of the visible example" says="The size of a word's vector is a fixed number. It is an argument."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, 3)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(3 + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="squeeze" says="squeeze() drops every dimension of size 1, also a batch of one picture or a picture of one place."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze()
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax takes the maximum away first."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="one maximum for the batch" says="The largest score of the whole batch is taken away before exp. In another picture all powers are then 0, and 0 / 0 is NaN: each picture needs its own maximum."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        powers = (scores - scores.max()).exp()
        alpha = powers / powers.sum(dim=1, keepdim=True)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="scores clamped" says="The scores are clamped before exp: places with larger scores than the limit all get the same weight."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores.clamp(-50, 50), dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="alpha detached" says="The weights are detached in the context: the logits' gradient does not reach the score, and the decoder never learns where to look."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.detach().unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="returned alpha detached" says="The returned weights are detached: who trains with the map reaches nothing."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha.detach()


# %% wrong="CaptionDecoder" name="features detached" says="The features are detached: the network that sees the picture learns nothing from the caption."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        features = features.detach()
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="keys detached" says="The features are detached where they are scored: they get a gradient from the context only."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features.detach()))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="state detached" says="The state is detached: no gradient reaches the steps before."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        state = state.detach()
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="no_grad" says="no_grad() cuts all gradients: nothing can be learned."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    @torch.no_grad()
    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="view" says="view needs a certain order in memory, and it fails for features that come from permute. reshape does not."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        query = self.W(state).unsqueeze(1)
        scores = self.v(
            torch.tanh(query + self.U(features.view(-1, features.shape[2])).view(len(state), features.shape[1], -1))
        ).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="float32" says="The features are made float32: a decoder in float64 stops with an error."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        features = features.float()
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% wrong="CaptionDecoder" name="state kept in the module" says="The decoder uses the state that it kept from its last step, and not the one it is given."
class CaptionDecoder(nn.Module):
    def __init__(self, vocab_size, feature_dim, embed_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.W = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.U = nn.Linear(feature_dim, hidden_dim, bias=False)
        self.v = nn.Linear(hidden_dim, 1, bias=False)
        self.cell = nn.GRUCell(embed_dim + feature_dim, hidden_dim)
        self.out = nn.Linear(hidden_dim + feature_dim, vocab_size)

    def step(self, word, state, features):
        state = getattr(self, "kept", state) if getattr(self, "kept", state).shape == state.shape else state
        query = self.W(state).unsqueeze(1)
        scores = self.v(torch.tanh(query + self.U(features))).squeeze(2)
        alpha = torch.softmax(scores, dim=1)
        context = (alpha.unsqueeze(2) * features).sum(dim=1)
        x = torch.cat([self.embedding(word), context], dim=1)
        new_state = self.cell(x, state)
        self.kept = new_state.detach()
        logits = self.out(torch.cat([new_state, context], dim=1))
        return logits, new_state, alpha


# %% [markdown]
# ## pointing_by_word


# %% right="pointing_by_word" name="word by word, with masks"
def pointing_by_word(maps, words, masks, labels):
    result = {}
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    for word, label in labels.items():
        region = masks[:, label].flatten(1)
        counts = (words == word) & region.any(dim=1, keepdim=True)
        hit = region.unsqueeze(1).expand(-1, words.shape[1], -1).gather(2, brightest).squeeze(2)
        if counts.any():
            result[word] = (hit[counts].float().mean().item(), int(counts.sum()))
    return result


# %% right="pointing_by_word" name="all in loops"
def pointing_by_word(maps, words, masks, labels):
    N, T, H, W = maps.shape
    right, all_times = {}, {}
    for n in range(N):
        for t in range(T):
            word = words[n, t].item()
            label = labels.get(word)
            if label is None or masks[n, label].sum() == 0:
                continue
            table = maps[n, t].tolist()
            best = (0, 0)
            for i in range(H):
                for j in range(W):
                    if table[i][j] > table[best[0]][best[1]]:
                        best = (i, j)
            all_times[word] = all_times.get(word, 0) + 1
            right[word] = right.get(word, 0) + bool(masks[n, label][best])
    return {word: (right[word] / all_times[word], all_times[word]) for word in all_times}


# %% right="pointing_by_word" name="numpy and a defaultdict"
def pointing_by_word(maps, words, masks, labels):
    from collections import defaultdict

    import numpy as np

    m, r = maps.detach().numpy(), masks.numpy()
    counter = defaultdict(lambda: [0, 0])
    for n in range(m.shape[0]):
        for t in range(m.shape[1]):
            word = int(words[n, t])
            if word in labels and r[n, labels[word]].any():
                i, j = np.unravel_index(np.argmax(m[n, t]), m[n, t].shape)
                counter[word][0] += int(r[n, labels[word], i, j])
                counter[word][1] += 1
    return {word: (float(h / k), k) for word, (h, k) in counter.items()}


# %% right="pointing_by_word" name="coordinates by division"
def pointing_by_word(maps, words, masks, labels):
    width = maps.size(-1)
    places = maps.reshape(maps.size(0), maps.size(1), -1).max(dim=-1).indices
    there = masks.any(dim=3).any(dim=2)
    answer = {}
    for word in sorted(set(words.flatten().tolist()) & set(labels)):
        label, found = labels[word], []
        for n, t in (words == word).nonzero().tolist():
            if there[n, label]:
                row, column = divmod(int(places[n, t]), width)
                found.append(float(masks[n, label, row, column]))
        if found:
            answer[word] = (math.fsum(found) / len(found), len(found))
    return answer


# %% wrong="pointing_by_word" name="argmax over the words" says="argmax goes over the words of the caption: it says at which time a place is brightest. Asked for is the brightest place of each map."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=1)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t % places.shape[1]] % len(region)].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="argmax over the pictures" says="argmax goes over the pictures: it says in which picture a place is brightest. Asked for is the brightest place of each map."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=0)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[t, n % places.shape[1]] % len(region)].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="argmax over the labels" says="Here the label is looked for whose region holds most of the map, with an argmax over the labels. Asked for is the one largest place of the map, and whether it lies in the region of the word's label."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            held = (maps[n, t].flatten() * regions[n]).sum(dim=1)
            hits.setdefault(word, []).append(held.argmax().item() == labels[word])
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="masks transposed" says="The masks are flattened column by column and the maps row by row, so the same number means two different places."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.transpose(2, 3).flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="maps transposed" says="The maps are flattened column by column and the masks row by row, so the same number means two different places."
def pointing_by_word(maps, words, masks, labels):
    places = maps.transpose(2, 3).flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="divided by the height" says="The number of a place is split with the height H. Row by row, a row has W places: the row is number // W and the column number % W."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            H, W = maps.shape[2:]
            row, column = int(places[n, t]) // H, int(places[n, t]) % H
            inside = row < H and column < W
            hits.setdefault(word, []).append(inside and masks[n, labels[word], row, column].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="row and column exchanged" says="Row and column are exchanged when the mask is read: it is [H, W], first the row."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            row, column = divmod(int(places[n, t]), maps.shape[3])
            inside = column < masks.shape[2] and row < masks.shape[3]
            hits.setdefault(word, []).append(inside and masks[n, labels[word], column, row].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="words without a region counted" says="Words that name nothing are counted as misses. They are no keys of labels, and they do not come into the result."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                hits.setdefault(word, []).append(False)
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="never counted words with 0" says="Words of labels that were never counted come with (0.0, 0). They are left out: a share of nothing is not 0."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    result = {word: (0.0, 0) for word in labels}
    result.update({word: (sum(found) / len(found), len(found)) for word, found in hits.items()})
    return result


# %% wrong="pointing_by_word" name="error for words that were never counted" says="For a word that was never counted this divides by 0. Such words are left out."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {word: [] for word in labels}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="brighter inside than outside" says="Means inside and outside of the region are compared. The pointing game asks only where the single largest value is."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            flat = maps[n, t].flatten()
            inside = flat[region].mean()
            outside = flat[~region].mean() if (~region).any() else inside - 1
            hits.setdefault(word, []).append(bool(inside > outside))
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="the last maximum" says="Where several places have the largest value, the last one counts here. It is the first one, row by row."
def pointing_by_word(maps, words, masks, labels):
    flat = maps.flatten(2)
    places = flat.shape[2] - 1 - flat.flip(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="any of the largest" says="Where several places have the largest value, one of them in the region is enough here. The first one counts."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            flat = maps[n, t].flatten()
            hits.setdefault(word, []).append((region & (flat == flat.max())).any().item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="all of the largest" says="Where several places have the largest value, all of them have to lie in the region here. The first one counts."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            flat = maps[n, t].flatten()
            hits.setdefault(word, []).append(region[flat == flat.max()].all().item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="first column by column" says="Where several places have the largest value, the first one *column by column* counts here. Row by row is asked for."
def pointing_by_word(maps, words, masks, labels):
    H, W = maps.shape[2:]
    turned = maps.transpose(2, 3).flatten(2).argmax(dim=2)
    places = turned % H * W + turned // H
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="largest without its sign" says="abs() makes a large negative number the largest one. Compare the numbers with their sign."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).abs().argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="largest row and largest column" says="The row and the column are chosen each by itself, from sums. Where they meet need not be the place of the largest value."
def pointing_by_word(maps, words, masks, labels):
    places = maps.sum(dim=3).argmax(dim=2) * maps.shape[3] + maps.sum(dim=2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="shares are tensors" says="The share is a tensor. A Python float is asked for: .item() takes the number out."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (torch.tensor(found).float().mean(), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="number as a float" says="The number of times is a float. An int is asked for."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), float(len(found))) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="softmax first" says="A softmax of very small differences or very large numbers makes different places equal. Compare the numbers as they are."
def pointing_by_word(maps, words, masks, labels):
    powers = maps.flatten(2).exp()
    places = (powers / powers.sum(dim=2, keepdim=True)).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="sigmoid first" says="A sigmoid of large numbers is exactly 1, so different places become equal. Compare the numbers as they are."
def pointing_by_word(maps, words, masks, labels):
    places = torch.sigmoid(maps).flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="made float32" says="float() takes digits away from maps of dtype float64, and different places become equal."
def pointing_by_word(maps, words, masks, labels):
    places = maps.float().flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="starts from 0" says="The search for the largest value starts at 0: in a map of negative numbers no place is larger, and the first one stays."
def pointing_by_word(maps, words, masks, labels):
    N, T, H, W = maps.shape
    places = maps.flatten(2).clamp(min=0).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="view" says="view needs a certain order in memory, and it fails for tensors that come from permute or transpose. flatten and reshape do not."
def pointing_by_word(maps, words, masks, labels):
    places = maps.view(*maps.shape[:2], -1).argmax(dim=2)
    regions = masks.view(*masks.shape[:2], -1)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="maps changed in place" says="The maps of words that name nothing are set to 0 in the caller's tensor. Skip them, and leave the maps as they are."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels or not regions[n, labels[word]].any():
                maps[n, t] = 1
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="labels changed" says="The words that were never counted are deleted from the caller's dictionary."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    for word in list(labels):
        if word not in hits:
            del labels[word]
    return {word: (sum(found) / len(found), len(found)) for word, found in hits.items()}


# %% wrong="pointing_by_word" name="random" says="The share is a random number."
def pointing_by_word(maps, words, masks, labels):
    places = maps.flatten(2).argmax(dim=2)
    regions = masks.flatten(2)
    hits = {}
    for n, caption in enumerate(words.tolist()):
        for t, word in enumerate(caption):
            if word not in labels:
                continue
            region = regions[n, labels[word]]
            if not region.any():
                continue
            hits.setdefault(word, []).append(region[places[n, t]].item())
    return {word: (torch.rand(()).item(), len(found)) for word, found in hits.items()}
