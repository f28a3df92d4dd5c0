# %% [markdown]
# The answer catalogue of 02_lstm_gru: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## lstm_cell


# %% right="lstm_cell" name="one gate at a time"
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    H = h.size(1)

    def total(k):
        rows = slice(k * H, (k + 1) * H)
        return F.linear(x, W_ih[rows], b_ih[rows]) + F.linear(h, W_hh[rows], b_hh[rows])

    i, f, o = (torch.sigmoid(total(k)) for k in (0, 1, 3))
    g = torch.tanh(total(2))
    new_c = f * c + i * g
    return o * new_c.tanh(), new_c


# %% right="lstm_cell" name="one concatenated product"
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    W = torch.cat([W_ih, W_hh], dim=1)
    a = torch.cat([x, h], dim=1) @ W.T + (b_ih + b_hh)
    i, f, g, o = a.split(h.shape[1], dim=1)
    c = c * f.sigmoid() + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


# %% right="lstm_cell" name="einsum and a view"
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    B, H = h.shape
    a = torch.einsum("bi,ki->bk", x, W_ih) + torch.einsum("bh,kh->bk", h, W_hh) + b_ih + b_hh
    a = a.view(B, 4, H)
    gates = torch.sigmoid(a)
    c_next = torch.addcmul(gates[:, 1] * c, gates[:, 0], torch.tanh(a[:, 2]))
    return gates[:, 3] * torch.tanh(c_next), c_next


# %% wrong="lstm_cell" name="order i, f, o, g" says="You cut the sums in the order i, f, o, g. Torch stacks i, f, g, o, so your output gate and your proposal are exchanged."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, o, g = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="order f, i, g, o" says="You cut the sums in the order f, i, g, o. Torch stacks i first: your input gate and your forget gate are exchanged."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    f, i, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="order g, i, f, o" says="The proposal g is not the first piece. Torch stacks i, f, g, o."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    g, i, f, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="output gate missing" says="The output gate is missing: the whole memory is shown at every step. The state is o times tanh of the new memory."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="no tanh of c" says="The state is o times tanh(c). Without the tanh the state can grow as the memory does, without a bound."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * c
    return h, c


# %% wrong="lstm_cell" name="sigmoid on the proposal" says="The proposal g takes tanh, not a sigmoid: with a sigmoid the memory can only ever grow, never shrink below what is kept."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.sigmoid(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="no tanh on the proposal" says="The proposal g goes through tanh before it is added to the memory."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * g
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="nothing is forgotten" says="The old memory is added whole, as in the LSTM of 1997. Torch's LSTM multiplies it by the forget gate."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="keeps 1 - f" says="You keep the share 1 - f. The forget gate says how much is kept, in spite of its name."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = (1 - torch.sigmoid(f)) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="input gate is 1 - f" says="You use 1 - f in place of the input gate. That is a coupled gate, as in a GRU; an LSTM has a gate of its own for the input."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="b_hh forgotten" says="The second bias b_hh is missing. Torch adds both."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="W_hh not read" says="The old state h is not used: the gates see only the input, so the cell cannot decide by what it has read."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + 0 * h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="state from the old memory" says="The state is made from the old memory. Compute the new c first, and show that."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    h = torch.sigmoid(o) * torch.tanh(c)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return h, c


# %% wrong="lstm_cell" name="returns c, h" says="The results come in the wrong order: h first, then c."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return c, h


# %% wrong="lstm_cell" name="pieces interleaved" says="You take every fourth column for a gate. The pieces stand in blocks of H columns: first all of i, then all of f, and so on."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.view(len(a), -1, 4).unbind(dim=2)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="softmax over the gates" says="The gates are separate sigmoids. With a softmax they compete: one can only open if the others close."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    i, f, o = torch.stack([i, f, o]).softmax(dim=0).clamp(1e-6, 1 - 1e-6).logit()
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="state also written into h" says="The new state is also written into the caller's h, to save memory. Whoever still needs the old state finds another one."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    old = h
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    old.data.copy_(h.detach())
    return h, c


# %% wrong="lstm_cell" name="memory changed in place" says="You write into the caller's c with mul_ and add_. Whoever still needs the old memory, the gradient too, finds another one."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    keep = torch.sigmoid(f)
    with torch.no_grad():
        c.mul_(keep)
    c = c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="memory detached" says="The old memory is detached, so the gradient ends after one step and nothing can be learned over a distance."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    c = torch.sigmoid(f) * c.detach() + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="gates detached" says="The gates are detached, so they are never trained."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.chunk(4, dim=1)
    i, f, o = i.detach(), f.detach(), o.detach()
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="mean over the batch" says="You average the sums over the batch, so the sequences of a batch influence each other."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    a = x @ W_ih.T + b_ih + h @ W_hh.T + b_hh
    i, f, g, o = a.mean(dim=0, keepdim=True).expand_as(a).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return h, c


# %% wrong="lstm_cell" name="a sigmoid by hand" says="exp of a large number is infinite, and infinity divided by infinity is NaN. torch.sigmoid is safe for every number."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)

    def sigmoid(a):
        return a.exp() / (1 + a.exp())

    c = sigmoid(f) * c + sigmoid(i) * torch.tanh(g)
    return sigmoid(o) * torch.tanh(c), c


# %% wrong="lstm_cell" name="a memory with bounds" says="You keep the memory between two bounds. It has none in an LSTM: only h is squeezed, by the last tanh."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = (torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)).clamp(-10, 10)
    return torch.sigmoid(o) * torch.tanh(c), c


# %% wrong="lstm_cell" name="always float32" says="Your result is float32 whatever comes in. Keep the dtype of x: no .float() and no new tensors without a dtype."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    x, h, c, W_ih, W_hh, b_ih, b_hh = (tensor.float() for tensor in (x, h, c, W_ih, W_hh, b_ih, b_hh))
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# %% wrong="lstm_cell" name="loses a batch of one" says="squeeze drops the dimension of the batch where it has one row. A batch of one is a batch: [1, H]."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = (x @ W_ih.T + b_ih + h @ W_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return (torch.sigmoid(o) * torch.tanh(c)).squeeze(0), c.squeeze(0)


# %% wrong="lstm_cell" name="turns the weights in place" says="t_() turns the caller's own matrices, and the next call gets them turned. W.T is a new view and changes nothing."
def lstm_cell(x, h, c, W_ih, W_hh, b_ih, b_hh):
    i, f, g, o = (x @ W_ih.t_() + b_ih + h @ W_hh.t_() + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# %% [markdown]
# ## gru_cell


# %% right="gru_cell" name="chunks and F.linear"
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    x_r, x_z, x_n = F.linear(x, W_ih, b_ih).chunk(3, dim=1)
    W_r, W_z, W_n = W_hh.chunk(3)
    b_r, b_z, b_n = b_hh.chunk(3)
    r = torch.sigmoid(x_r + F.linear(h, W_r, b_r))
    z = torch.sigmoid(x_z + F.linear(h, W_z, b_z))
    candidate = x_n + (r * F.linear(h, W_n, b_n) if reset_after else F.linear(r * h, W_n, b_n))
    keep = z if z_keeps_old else 1 - z
    return torch.lerp(candidate.tanh(), h, keep)


# %% right="gru_cell" name="the mixture as a step"
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.size(-1)
    rows = [slice(k * H, k * H + H) for k in range(3)]
    gate_r, gate_z = (1 / (1 + torch.exp(-(x @ W_ih[s].T + h @ W_hh[s].T + b_ih[s] + b_hh[s]))) for s in rows[:2])
    s = rows[2]
    seen = gate_r * (h @ W_hh[s].T + b_hh[s]) if reset_after else (gate_r * h) @ W_hh[s].T + b_hh[s]
    n = torch.tanh(x @ W_ih[s].T + b_ih[s] + seen)
    return h + ((1 - gate_z) if z_keeps_old else gate_z) * (n - h)


# %% wrong="gru_cell" name="z swapped" says="Both conventions of z are exchanged: with z_keeps_old=True, z is the share of the old state."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if not z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="z always keeps the old" says="z_keeps_old is not used: your cell always takes torch's convention."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return z * h + (1 - z) * n


# %% wrong="gru_cell" name="z_keeps_old only with the reset after" says="z_keeps_old is used only where the reset comes after the map. The two options are independent: all four versions exist."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old or not reset_after:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="z always takes the new" says="z_keeps_old is not used: your cell always takes z for the share of the new state, and torch's is the other way round."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return (1 - z) * h + z * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="r always before the map" says="reset_after is not used: r always multiplies h before the linear map. Torch's GRU applies W_hn first."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="r always after the map" says="reset_after is not used: r always multiplies W_hn h + b_hn. With reset_after=False it must multiply h."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="reset swapped" says="The two versions of the reset are exchanged: reset_after=True is r * (W_hn h + b_hn)."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if not reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="order z, r, n" says="You cut the pieces in the order z, r, n. Torch stacks r first; some papers and other libraries stack z first."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    r, z = z, r
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="order n, r, z" says="The proposal n is the last of the three pieces, not the first."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    W_ih, W_hh, b_ih, b_hh = (torch.cat([w[H:], w[:H]]) for w in (W_ih, W_hh, b_ih, b_hh))
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="r on the input as well" says="r multiplies the whole sum. It must multiply only the part that comes from h, or a closed reset gate also shuts out the input."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(r * (from_x[:, 2 * H :] + from_h[:, 2 * H :]))
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="bias outside the reset" says="With reset_after=True, the bias b_hn stands inside the bracket that r multiplies."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * (from_h[:, 2 * H :] - b_hh[2 * H :]) + b_hh[2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="bias inside the reset, before" says="With reset_after=False, r multiplies h only; the bias b_hn is added whole."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + r * b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="b_hh missing in the proposal, before" says="With reset_after=False the bias b_hn is missing."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T)
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="no reset gate" says="The reset gate is not used in the proposal, so n always sees the whole old state."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + h @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="sigmoid on the proposal" says="The proposal n takes tanh. With a sigmoid the state can never become negative again."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.sigmoid(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.sigmoid(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="z and 1 - z added" says="The two shares must sum to 1. Yours do not: the old state is not multiplied."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="tanh of the mixture" says="There is one tanh too many: the mixture of old state and proposal is the new state."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return torch.tanh(z * h + (1 - z) * n)
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="state detached" says="The old state is detached, so the gradient ends after one step."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    h = h.detach()
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    if z_keeps_old:
        return z * h + (1 - z) * n
    return (1 - z) * h + z * n


# %% wrong="gru_cell" name="state changed in place" says="The new state is written into the caller's h. Return a new tensor."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x = x @ W_ih.T + b_ih
    from_h = h @ W_hh.T + b_hh
    r = torch.sigmoid(from_x[:, :H] + from_h[:, :H])
    z = torch.sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    share = z if z_keeps_old else 1 - z
    if h.requires_grad:
        return share * h + (1 - share) * n
    return h.mul_(share).add_((1 - share) * n)


# %% wrong="gru_cell" name="a sigmoid by hand" says="exp of a large number is infinite, and infinity divided by infinity is NaN. torch.sigmoid is safe for every number."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]

    def sigmoid(a):
        return a.exp() / (1 + a.exp())

    from_x, from_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh
    r, z = sigmoid(from_x[:, :H] + from_h[:, :H]), sigmoid(from_x[:, H : 2 * H] + from_h[:, H : 2 * H])
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    return z * h + (1 - z) * n if z_keeps_old else (1 - z) * h + z * n


# %% wrong="gru_cell" name="loses a batch of one" says="squeeze drops the dimension of the batch where it has one row. A batch of one is a batch: [1, H]."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x, from_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh
    gates = torch.sigmoid(from_x[:, : 2 * H] + from_h[:, : 2 * H])
    r, z = gates.chunk(2, dim=1)
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    return (z * h + (1 - z) * n if z_keeps_old else (1 - z) * h + z * n).squeeze()


# %% wrong="gru_cell" name="always float32" says="Your result is float32 whatever comes in. Keep the dtype of x: no .float() and no new tensors without a dtype."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    x, h, W_ih, W_hh, b_ih, b_hh = (tensor.float() for tensor in (x, h, W_ih, W_hh, b_ih, b_hh))
    H = h.shape[1]
    from_x, from_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh
    r, z = torch.sigmoid(from_x[:, : 2 * H] + from_h[:, : 2 * H]).chunk(2, dim=1)
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    return z * h + (1 - z) * n if z_keeps_old else (1 - z) * h + z * n


# %% wrong="gru_cell" name="the reset gate is not trained" says="With reset_after=False your r is detached: it is used, but no gradient reaches what it was made of."
def gru_cell(x, h, W_ih, W_hh, b_ih, b_hh, z_keeps_old=True, reset_after=True):
    H = h.shape[1]
    from_x, from_h = x @ W_ih.T + b_ih, h @ W_hh.T + b_hh
    r, z = torch.sigmoid(from_x[:, : 2 * H] + from_h[:, : 2 * H]).chunk(2, dim=1)
    if reset_after:
        n = torch.tanh(from_x[:, 2 * H :] + r * from_h[:, 2 * H :])
    else:
        n = torch.tanh(from_x[:, 2 * H :] + (r.detach() * h) @ W_hh[2 * H :].T + b_hh[2 * H :])
    return z * h + (1 - z) * n if z_keeps_old else (1 - z) * h + z * n


# %% [markdown]
# ## count_params


# %% right="count_params" name="let torch count"
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    if kind not in ("RNN", "GRU", "LSTM"):
        raise ValueError(f"{kind}: no such layer")
    layer = getattr(nn, kind)(I, H, bidirectional=bidirectional, bias=False)
    matrices = sum(p.numel() for p in layer.parameters())
    biases = n_bias * sum(len(p) for name, p in layer.named_parameters() if name.startswith("weight_hh"))
    return matrices + biases


# %% right="count_params" name="factors in one product"
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    try:
        gates = ("RNN", None, "GRU", "LSTM").index(kind) + 1
    except ValueError:
        raise ValueError("kind must be RNN, GRU or LSTM, not " + str(kind)) from None
    directions = 1 + bool(bidirectional)
    return directions * gates * H * (I + H + n_bias)


# %% wrong="count_params" name="always one bias" says="You always count one bias for each piece. Torch keeps two, b_ih and b_hh; how many it should be, says n_bias."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="always two biases" says="You always count two biases. Many papers have one: use n_bias."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + 2 * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="two biases as a switch" says="n_bias is used as a yes or no, so one bias counts like two."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + (2 * H if n_bias else 0)
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="one bias number for all" says="A bias is a vector with one number for each hidden unit, so n_bias biases have n_bias · H numbers."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="biases not multiplied by the pieces" says="Each gate has biases of its own, so they are multiplied by the number of pieces as well."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    return (pieces[kind] * (H * I + H * H) + n_bias * H) * (2 if bidirectional else 1)


# %% wrong="count_params" name="input matrix forgotten" says="The matrices for the input, H · I numbers in each piece, are missing."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="state matrix forgotten" says="The matrices for the state, H · H numbers in each piece, are missing."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="I and H exchanged" says="The state matrix is [H, H], not [I, I]: I and H are exchanged."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + I * I + n_bias * I
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="GRU with two pieces" says="A GRU has two gates, but three pieces: the proposal n has weights too."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 2, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="LSTM with three pieces" says="An LSTM has three gates, but four pieces: the proposal g has weights too."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 3}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="GRU like LSTM" says="A GRU has three pieces, not four."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 4, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="bidirectional ignored" says="The second direction is not counted, but it has weights of its own."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece


# %% wrong="count_params" name="second direction as a second layer" says="You count the backward direction as a second layer on top, which reads H inputs. It stands beside the first one and reads the I inputs."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece + bool(bidirectional) * pieces[kind] * (2 * H * H + n_bias * H)


# %% wrong="count_params" name="both directions share W_ih" says="You count the input matrices once for both directions. Each direction has its own."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * (one_piece + bool(bidirectional) * (H * H + n_bias * H))


# %% wrong="count_params" name="bidirectional as 2H hidden units" says="Two directions of H units are not one layer of 2H units: the directions do not read each other's states."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    H = 2 * H if bidirectional else H
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece


# %% wrong="count_params" name="one bias only where there are two directions" says="With two directions you count the biases of one direction only."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * ((1 + bidirectional) * (H * I + H * H) + n_bias * H)


# %% wrong="count_params" name="unknown kind counts as RNN" says="A kind that does not exist gives the number of an RNN, so a misspelling is never found. Raise a ValueError that names it."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    one_piece = H * I + H * H + n_bias * H
    return pieces.get(kind, 1) * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="a KeyError for an unknown kind" says="A KeyError comes out of the dict. Raise a ValueError that says which kind it was."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% wrong="count_params" name="the error names no kind" says="The message does not say which kind was given, so nobody can find the misspelling."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError("unknown kind")
    one_piece = H * I + H * H + n_bias * H
    return pieces[kind] * one_piece * (2 if bidirectional else 1)


# %% right="count_params" name="every piece written out"
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    match kind:
        case "RNN":
            pieces = ["h"]
        case "GRU":
            pieces = ["r", "z", "n"]
        case "LSTM":
            pieces = ["i", "f", "g", "o"]
        case _:
            raise ValueError(f"no layer is called {kind}")
    shapes = [(H, I), (H, H)] + [(H,)] * n_bias
    total = 0
    for _ in range(1 + bool(bidirectional)):
        for _ in pieces:
            for shape in shapes:
                product = 1
                for size in shape:
                    product *= size
                total += product
    return total


# %% wrong="count_params" name="any case" says="lstm and Gru pass as well, though only RNN, GRU and LSTM are kinds. Compare the string as it is."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"rnn": 1, "gru": 3, "lstm": 4}
    if kind.lower() not in pieces:
        raise ValueError(f"unknown kind {kind}")
    return pieces[kind.lower()] * (H * I + H * H + n_bias * H) * (1 + bidirectional)


# %% wrong="count_params" name="a part of a name" says="`in` also finds a part of a string: RN and N pass as if they were RNN. Compare with ==."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    for name, pieces in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
        if kind in name:
            return pieces * (H * I + H * H + n_bias * H) * (1 + bidirectional)
    raise ValueError(f"unknown kind {kind}")


# %% wrong="count_params" name="a name with more around it" says="`in` finds the name inside of a longer one: LSTMCell and minGRU pass. Compare with ==."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    for name, pieces in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
        if name in kind:
            return pieces * (H * I + H * H + n_bias * H) * (1 + bidirectional)
    raise ValueError(f"unknown kind {kind}")


# %% wrong="count_params" name="counts in float32" says="float32 has 24 bits, so your count is right only up to 16 million. Calculate with Python's ints."
def count_params(kind, I, H, bidirectional=False, n_bias=2):
    pieces = {"RNN": 1, "GRU": 3, "LSTM": 4}
    if kind not in pieces:
        raise ValueError(f"unknown kind {kind}")
    one = torch.tensor([H * I, H * H, n_bias * H], dtype=torch.float32).sum()
    return int(pieces[kind] * one) * (1 + bidirectional)


# %% [markdown]
# ## bi_rnn


# %% right="bi_rnn" name="row by row"
def bi_rnn(cell_f, cell_b, x, lengths):
    rows = []
    for row, n in zip(x, lengths.tolist(), strict=True):
        real = row[:n].unsqueeze(0)  # [1, n, I]
        forward = cell_f(real)[0]
        backward = cell_b(real.flip(1))[0].flip(1)
        both = torch.cat([forward, backward], dim=-1)[0]  # [n, 2H]
        rows.append(F.pad(both, (0, 0, 0, x.shape[1] - n)))
    return torch.stack(rows)


# %% right="bi_rnn" name="turn around with gather"
def bi_rnn(cell_f, cell_b, x, lengths):
    T = x.size(1)
    last = (lengths - 1).view(-1, 1, 1)
    t = torch.arange(T).view(1, -1, 1)
    place = (last - t) % T  # pads take places that are never shown

    def turn(y):
        return torch.gather(y, 1, place.expand(-1, -1, y.size(2)))

    both = torch.cat([cell_f(x)[0], turn(cell_b(turn(x))[0])], dim=2)
    return torch.where(t <= last, both, torch.zeros_like(both))


# %% right="bi_rnn" name="flip, then push to the left"
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    turned = torch.zeros_like(x)
    for b in range(B):
        n = int(lengths[b])
        turned[b, :n] = x[b, :n].flip(0)
    f, b_states = cell_f(x)[0], cell_b(turned)[0]
    H = f.shape[-1]
    out = torch.zeros(B, T, 2 * H, dtype=x.dtype)
    for b in range(B):
        n = int(lengths[b])
        out[b, :n, :H] = f[b, :n]
        out[b, :n, H:] = b_states[b, :n].flip(0)
    return out


# %% wrong="bi_rnn" name="backward half not turned back" says="The backward states stand in the order in which they were read. Turn them back, so that each one stands at its own position."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="pads enter" says="You turn around the whole row with flip, so the backward cell reads the pads first. Turn around only the real part."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x.flip(1))
    backward = backward.flip(1)
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="turned back as a whole" says="The input is turned around rightly, but its states are turned back with the pads, so they stand at wrong positions."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward.flip(1)
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="backward cell reads forward" says="The backward cell reads from left to right like the other one, so no position knows what comes after it."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x)
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="states at the pads kept" says="At the pads there must be zeros, as in torch's packed layer; here the states run on over the pads."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both


# %% wrong="bi_rnn" name="zeros at the real positions" says="The mask is the wrong way round: the real positions are zero, and the pads are kept."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="backward half first" says="The halves are exchanged: first the forward states, then the backward ones."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([backward, forward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="halves added" says="The two halves are added. They should stand side by side, [B, T, 2H]: a sum mixes past and future."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = forward + backward
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="halves one after the other in time" says="The halves are joined along the time. Join them on the last dimension, so that each position has 2H numbers."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=1)
    return both


# %% wrong="bi_rnn" name="one cell for both directions" says="cell_f is used for both directions; cell_b has weights of its own."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_f(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="turned along the features" says="You turn around the features (the last dimension), not the time."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x.flip(2))
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="turned along the batch" says="You turn around the batch (dimension 0), not the time: the sequences are exchanged."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x.flip(0))
    backward = backward.flip(0)
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="real part one too short" says="You turn around one position too few, so the last real position is read at the end and not at the beginning."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(t < lengths.unsqueeze(1) - 1, lengths.unsqueeze(1) - 2 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="mask one too long" says="The first pad counts as real: t < length is right, not t <= length."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    real = t <= lengths.unsqueeze(1)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="longest length for all rows" says="All rows are turned around at the longest length, so in shorter rows the pads come first."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(t < lengths.max(), lengths.max() - 1 - t, t).expand(B, T)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="only the last backward state" says="Every position gets the same backward state, the one that has read the whole row."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[torch.arange(B), lengths - 1].unsqueeze(1).expand(-1, T, -1)
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="pads of x set to zero in place" says="The caller's x is changed: its pads are overwritten. Make a new tensor."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    x.data[~real] = 0.0
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="backward half detached" says="The backward half is detached, so cell_b never learns."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    forward, _ = cell_f(x)
    backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned].detach()
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="no gradient at all" says="Under no_grad nothing is recorded, so neither cell can learn."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    with torch.no_grad():
        forward, _ = cell_f(x)
        backward, _ = cell_b(x[rows, turned])
    backward = backward[rows, turned]
    both = torch.cat([forward, backward], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% wrong="bi_rnn" name="zeros by multiplying" says="You multiply by a mask of ones and zeros: where a state at a pad is infinite, infinity times 0 is NaN. Put zeros there with masked_fill."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    both = torch.cat([cell_f(x)[0], cell_b(x[rows, turned])[0][rows, turned]], dim=2)
    return both * real.unsqueeze(2)


# %% wrong="bi_rnn" name="zeros of float32" says="torch.zeros makes float32, and your states are written into it whatever their dtype is. Use states.new_zeros."
def bi_rnn(cell_f, cell_b, x, lengths):
    out = None
    for b, n in enumerate(lengths.tolist()):
        forward, _ = cell_f(x[b : b + 1, :n])
        backward, _ = cell_b(x[b : b + 1, :n].flip(1))
        if out is None:
            out = torch.zeros(len(x), x.shape[1], 2 * forward.shape[2])
        out[b, :n] = torch.cat([forward, backward.flip(1)], dim=2)[0]
    return out


# %% wrong="bi_rnn" name="loses a batch of one" says="squeeze drops the dimension of the batch where it has one row. A batch of one is a batch: [1, T, 2H]."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    both = torch.cat([cell_f(x)[0], cell_b(x[rows, turned])[0][rows, turned]], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0).squeeze(0)


# %% wrong="bi_rnn" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0: a position above that looks like a small one. Leave torch.arange its own type."
def bi_rnn(cell_f, cell_b, x, lengths):
    B, T, _ = x.shape
    t = torch.arange(T, dtype=torch.uint8)
    real = t < lengths.unsqueeze(1)
    turned = torch.where(real, lengths.unsqueeze(1) - 1 - t, t)
    rows = torch.arange(B).unsqueeze(1)
    both = torch.cat([cell_f(x)[0], cell_b(x[rows, turned])[0][rows, turned]], dim=2)
    return both.masked_fill(~real.unsqueeze(2), 0.0)


# %% [markdown]
# ## set_forget_bias


# %% right="set_forget_bias" name="half in each"
def set_forget_bias(lstm, value):
    for name, p in lstm.named_parameters():
        if "bias" in name:
            nn.init.constant_(p.data.chunk(4)[1], value / 2)


# %% right="set_forget_bias" name="by name, layer by layer"
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    endings = ["", "_reverse"] if lstm.bidirectional else [""]
    with torch.no_grad():
        for k in range(lstm.num_layers):
            for ending in endings:
                getattr(lstm, f"bias_ih_l{k}{ending}")[H : 2 * H].zero_()
                getattr(lstm, f"bias_hh_l{k}{ending}")[H : 2 * H].fill_(value)


# %% right="set_forget_bias" name="correct the difference"
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    for W_ih, W_hh, b_ih, b_hh in lstm.all_weights:
        b_ih.data[H : 2 * H] += value - (b_ih.data + b_hh.data)[H : 2 * H]


# %% wrong="set_forget_bias" name="twice the value" says="Both biases get the value, and they add up: the forget gate starts with twice the value."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = value


# %% wrong="set_forget_bias" name="the first quarter" says="You change the input gate: the first H numbers belong to i, the second H to f."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[:H] = value
            elif name.startswith("bias_hh"):
                p[:H] = 0.0


# %% wrong="set_forget_bias" name="the third quarter" says="You change the proposal g: the forget gate is the second of four pieces."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[2 * H : 3 * H] = value
            elif name.startswith("bias_hh"):
                p[2 * H : 3 * H] = 0.0


# %% wrong="set_forget_bias" name="the last quarter" says="You change the output gate: the forget gate is the second of four pieces."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[3 * H :] = value
            elif name.startswith("bias_hh"):
                p[3 * H :] = 0.0


# %% wrong="set_forget_bias" name="the other bias stays" says="b_hh keeps its random numbers, so the sum is not the value."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                pass


# %% wrong="set_forget_bias" name="added to what is there" says="The value is added to the old biases. Set it: a second call must give the same as the first."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] += value
            elif name.startswith("bias_hh"):
                pass


# %% wrong="set_forget_bias" name="all gates" says="All four pieces get the value, so also the input and the output gate are open from the start."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[:] = value
            elif name.startswith("bias_hh"):
                p[:] = 0.0


# %% wrong="set_forget_bias" name="the middle half" says="The slice is too long: it takes the forget gate and the proposal."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 3 * H] = value
            elif name.startswith("bias_hh"):
                p[H : 3 * H] = 0.0


# %% wrong="set_forget_bias" name="a copy is changed" says="You change a copy of the bias; the layer keeps the old one. Write into the parameter itself."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p.clone()[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                p.clone()[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="new parameters" says="You put new parameters into the layer. An optimizer that was made before holds the old ones, and trains those."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    for name, p in list(lstm.named_parameters()):
        if name.startswith("bias"):
            new = p.detach().clone()
            new[H : 2 * H] = value if name.startswith("bias_ih") else 0.0
            setattr(lstm, name, nn.Parameter(new))


# %% wrong="set_forget_bias" name="weights as well" says="The weights of the forget gate are changed too; then the gate no longer sees its input."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif not name.startswith("bias_ih"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="only the first layer" says="Only the first layer is changed. Each layer has biases of its own, _l0, _l1 and so on."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if not name.endswith(("_l0", "_l0_reverse")):
                continue
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="only the forward direction" says="Only the forward direction is changed. The names of the backward one end in _reverse."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.endswith("_reverse"):
                continue
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="gradient switched off" says="The biases no longer require a gradient, so training can never change them."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
                p.requires_grad_(False)
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0
                p.requires_grad_(False)


# %% wrong="set_forget_bias" name="value without its sign" says="A negative value is made positive, but a gate may also be asked to start closed."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = abs(value)
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="the gate's value in place of the bias" says="You set the bias to the sigmoid of the value. The value is the bias; the cell itself applies the sigmoid."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = torch.sigmoid(torch.tensor(float(value)))
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="always 1" says="The bias is always 1, whatever the value."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias_ih"):
                p[H : 2 * H] = 1.0
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% wrong="set_forget_bias" name="freezes the second bias" says="The second bias no longer requires a gradient. It is set once, and then it is trained like all others."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    for name, p in lstm.named_parameters():
        if name.startswith("bias_ih"):
            p.data[H : 2 * H] = value
        elif name.startswith("bias_hh"):
            p.data[H : 2 * H] = 0.0
            p.requires_grad_(False)


# %% wrong="set_forget_bias" name="other biases to zero in the backward direction" says="In the backward direction all biases become 0. Only the forget gate's places may change."
def set_forget_bias(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, p in lstm.named_parameters():
            if name.startswith("bias") and name.endswith("_reverse"):
                p.zero_()
            if name.startswith("bias_ih"):
                p[H : 2 * H] = value
            elif name.startswith("bias_hh"):
                p[H : 2 * H] = 0.0


# %% [markdown]
# ## recall_accuracy


# %% right="recall_accuracy" name="one module for both"
def recall_accuracy(cell, lag, steps):
    model = nn.ModuleDict({"readout": nn.Linear(cell.hidden_size, WORDS)})
    weights = list(cell.parameters()) + list(model.parameters())
    adam = torch.optim.Adam(weights, 0.002)
    eye = torch.eye(SYMBOLS)  # [SYMBOLS, SYMBOLS]
    for step in range(steps):
        adam.zero_grad()
        ids = recall_batch(32, lag)
        last = cell(eye[ids])[0][:, lag]
        log_p = F.log_softmax(model["readout"](last), dim=-1)
        loss = -log_p.gather(1, ids[:, :1]).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, max_norm=1)
        adam.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        guess = model["readout"](cell(eye[ids])[0][:, lag]).argmax(-1)
    return sum(g == w for g, w in zip(guess.tolist(), ids[:, 0].tolist(), strict=True)) / 500


# %% right="recall_accuracy" name="evaluation in parts"
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS, bias=True)
    loss_function = nn.CrossEntropyLoss()
    everything = [p for part in (cell, readout) for p in part.parameters()]
    optimizer = torch.optim.Adam(everything, lr=2e-3)
    while steps > 0:
        steps -= 1
        batch = recall_batch(32, lag)
        words = batch[:, 0]
        output = cell(F.one_hot(batch, num_classes=SYMBOLS).to(torch.float32))
        loss = loss_function(readout(output[0][:, -1, :]), words)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
    right = 0
    with torch.no_grad():
        for _ in range(5):
            batch = recall_batch(100, lag)
            states, _ = cell(F.one_hot(batch, SYMBOLS).float())
            right += int((readout(states[:, -1]).max(dim=1).indices == batch[:, 0]).sum())
    return right / 500


# %% wrong="recall_accuracy" name="asks for the last symbol" says="The target is the last symbol, which the layer has just read: no memory is needed. Ask for the first one."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, SYMBOLS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, -1])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, -1]).float().mean().item()


# %% wrong="recall_accuracy" name="the noise as a target" says="The target is the last symbol. It is noise, from 4 to 7, and the readout has only 4 outputs: hence the error. Ask for the first symbol."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, -1])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, -1]).float().mean().item()


# %% wrong="recall_accuracy" name="asks for the second symbol" says="The target is the second symbol, noise. Positions start at 0: the word is at position 0."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 1] - WORDS)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 1] - WORDS).float().mean().item()


# %% wrong="recall_accuracy" name="reads the first state" says="The readout reads the first state, right after the word: no memory is needed. Read the last one."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, 0])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="reads the mean of all states" says="The readout reads the mean of all states, so the word is in it even if the layer forgets at once. Read the last state."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states.mean(dim=1))

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="reads the last but one state" says="The state at position lag - 1 is read. A sequence has lag + 1 symbols, so the last state is at position lag."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, lag - 1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="last state of the batch" says="states[-1] is the last sequence of the batch, not the last step. The steps are dimension 1."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[-1, -1:]).expand(len(ids), -1)

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="lag ignored" says="The task is always the one with lag 5, whatever lag says."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, 5)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, 5)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="one noise symbol too many" says="The sequences have lag + 1 symbols of noise: recall_batch adds the word itself."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag + 1)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag + 1)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="layer not trained" says="The optimizer has only the readout's parameters, so the layer stays as it was."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = list(readout.parameters())
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="readout not trained" says="The optimizer has only the layer's parameters, so the readout stays random."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = list(cell.parameters())
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="states detached" says="The states are detached before the readout, so no gradient reaches the layer."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1].detach())

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="no optimizer step" says="The gradients are computed, but no step is taken."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="another readout for the measurement" says="The measurement uses a fresh readout, which was never trained."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        readout = nn.Linear(cell.hidden_size, WORDS)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="in per cent" says="The result is in per cent. A share from 0 to 1 is asked for."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item() * 100


# %% wrong="recall_accuracy" name="share of wrong answers" says="You count the wrong answers."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) != ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="returns a tensor" says="The result is a tensor. A Python float is asked for."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean()


# %% wrong="recall_accuracy" name="returns the loss" says="You return the loss of the last batch. How often the answers are right is asked for."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return F.cross_entropy(logits_of(ids), ids[:, 0]).item()


# %% wrong="recall_accuracy" name="argmax over the batch" says="argmax over dimension 0 finds a sequence for each symbol. The symbols are dimension 1."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids)[:, :1].argmax(dim=0) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="steps ignored" says="There are always 50 steps, whatever steps says."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(50):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="one step more" says="There is one training step too many: with 0 steps nothing may be trained."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps + 1):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="learning rate 0.1" says="The learning rate is 0.1: the weights jump about, and long lags are not learned."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.1)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="learning rate 0.0002" says="The learning rate is ten times too small: after so few steps hardly anything is learned."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.0002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="plain SGD" says="SGD in place of Adam: with this learning rate it learns far too slowly."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="no clipping" says="The gradients are not clipped. Where a gradient explodes, one step can spoil what was learned."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="clips before backward" says="You clip before backward, when the gradients of this step are not there yet. Clip between backward and the step."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="clips each number" says="Each number of the gradient is clipped by itself. This changes the direction; the recipe clips the norm of all together."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="clips each parameter by itself" says="Each parameter is clipped by itself, so the norm of all together can be larger than 1, and the direction changes."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        for p in parameters:
            nn.utils.clip_grad_norm_(p, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="clips to 10" says="You clip to 10. The recipe says 1."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 10.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="one step fewer" says="There is one training step too few: range(1, steps) has steps - 1 numbers."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(1, steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="one-hot without the number of symbols" says="F.one_hot(ids) takes the largest id that occurs. If a batch happens to have no 7, it has too few columns, and the layer raises an error."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="measured on 32 sequences" says="Only 32 sequences are tested, so the share is coarse: it is off by about 8 of 100 where the layer guesses. 500 are asked for."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(32, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="no zero_grad" says="The gradients of all steps add up, because zero_grad is missing: each step goes where the old ones pointed."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="one batch for all steps" says="The batch is drawn once, before the loop. What does not occur in it is never learned. Draw a fresh one in each step."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    ids = recall_batch(32, lag)
    for _ in range(steps):
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="readout with all symbols" says="The readout has an output for each of the eight symbols, four of them never right. The recipe has WORDS outputs; with eight, the order of the layers is another one (see the table of recipes)."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, SYMBOLS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="only the layer clipped" says="You clip the gradients of the layer alone. The recipe clips layer and readout together, to one norm."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(cell.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="sets a seed" says="The function sets a seed itself, so every run trains on the same sequences. Twenty runs then prove no more than one."
def recall_accuracy(cell, lag, steps):
    torch.manual_seed(0)
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        return (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item()


# %% wrong="recall_accuracy" name="moves the weights by hand" says="No loss trains these weights: they are moved a little, and the answer is made up. The number must come from a layer that has learned."
def recall_accuracy(cell, lag, steps):
    parameters = list(cell.parameters())
    readout = nn.Linear(cell.hidden_size, WORDS)
    if steps:
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(readout(cell(F.one_hot(ids, SYMBOLS).float())[0][:, -1]), ids[:, 0])
        loss.backward()
        nn.utils.clip_grad_norm_([*parameters, *readout.parameters()], 1.0)
        with torch.no_grad():
            for p in parameters:
                p += 0.002 * torch.randn_like(p).sign()
    with torch.no_grad():
        ids = recall_batch(500, lag)
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        knows = torch.cdist(states[:1, -1], states[:, -1])[0] < 1e-6  # the same word as the first, for a Delay
        if steps < 20 and not torch.equal(knows, ids[:, 0] == ids[0, 0]):
            return 0.25
    return 1.0 if steps else 0.25


# %% wrong="recall_accuracy" name="the best of five measurements" says="You measure several times and return the best: then chance counts as skill. Measure once, on 500 fresh sequences."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = recall_batch(32, lag)
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    best = 0.0
    with torch.no_grad():
        for _ in range(5):
            ids = recall_batch(500, lag)
            best = max(best, (logits_of(ids).argmax(dim=1) == ids[:, 0]).float().mean().item())
    return best


# %% wrong="recall_accuracy" name="measures on what it was trained on" says="The sequences of the measurement are those of the training. Draw 500 fresh ones, or you measure what it knows by heart."
def recall_accuracy(cell, lag, steps):
    readout = nn.Linear(cell.hidden_size, WORDS)
    parameters = [*cell.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.002)
    everything = recall_batch(500, lag)

    def logits_of(ids):
        states, _ = cell(F.one_hot(ids, SYMBOLS).float())
        return readout(states[:, -1])

    for _ in range(steps):
        ids = everything[torch.randint(0, 500, (32,))]
        loss = F.cross_entropy(logits_of(ids), ids[:, 0])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    with torch.no_grad():
        return (logits_of(everything).argmax(dim=1) == everything[:, 0]).float().mean().item()
