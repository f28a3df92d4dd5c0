# %% [markdown]
# The answer catalogue of 04_decoding: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## encode


# %% right="encode" name="packed"
def encode(emb, lengths, weights):
    if lengths.min() < 1 or lengths.max() > emb.shape[1]:
        raise ValueError("lengths out of range")
    gru = nn.GRU(emb.shape[2], weights[1].shape[1], batch_first=True)
    packed = nn.utils.rnn.pack_padded_sequence(emb, lengths, batch_first=True, enforce_sorted=False)
    names = [name for name, _ in gru.named_parameters()]
    states, last = torch.func.functional_call(gru, dict(zip(names, weights)), (packed,))
    memory, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=emb.shape[1])
    return memory, last[0]


# %% right="encode" name="read on, then mask and pick"
def encode(emb, lengths, weights):
    B, n, _ = emb.shape
    if not all(1 <= length <= n for length in lengths.tolist()):
        raise ValueError(f"bad lengths: {lengths}")
    states, h = [], emb.new_zeros(B, weights[1].shape[1])
    for e in emb.unbind(dim=1):
        h = gru_step(e, h, weights)
        states.append(h)
    states = torch.stack(states, dim=1)
    state = states[torch.arange(B), lengths - 1]
    real = torch.arange(n) < lengths[:, None]
    return states.masked_fill(~real[:, :, None], 0.0), state


# %% right="encode" name="row by row"
def encode(emb, lengths, weights):
    B, n, _ = emb.shape
    memory, state = [], []
    for b in range(B):
        length = int(lengths[b])
        if length < 1 or length > n:
            raise ValueError("lengths")
        h = torch.zeros(1, weights[1].shape[1])
        rows = []
        for s in range(length):
            h = gru_step(emb[b, s : s + 1], h, weights)
            rows.append(h)
        state.append(h)
        memory.append(F.pad(torch.cat(rows), (0, 0, 0, n - length)))
    return torch.stack(memory), torch.cat(state)


# %% right="encode" name="pads set to 0 first"
def encode(emb, lengths, weights):
    n = emb.shape[1]
    if lengths.max() > n or lengths.min() <= 0:
        raise ValueError(f"lengths are not from 1 to {n}")
    real = (torch.arange(n) < lengths[:, None]).unsqueeze(-1)
    emb = emb.masked_fill(~real, 0.0)
    h, memory = emb.new_zeros(len(emb), weights[1].shape[1]), []
    for s in range(n):
        h = h + real[:, s] * (gru_step(emb[:, s], h, weights) - h)
        memory.append(h * real[:, s])
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="state of a pad" says="The state after the last column has read the pads: it changes with the length of the other words. At a pad the state must wait."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = new
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="state before the last symbol" says="You take the state one symbol too early: the last real symbol stands at position lengths - 1 and must be read as well."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    memory = torch.stack(memory, dim=1)
    return memory, memory[torch.arange(len(emb)), (lengths - 2).clamp(min=0)]


# %% wrong="encode" name="mask off by one" says="Your mask lets one pad in: position s is real where s < lengths, not where s <= lengths."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s <= lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="mask inverted" says="The mask is the wrong way round: new states are taken at the pads, and the real symbols are skipped."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s >= lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="memory keeps the old state at pads" says="At the pads, memory repeats the last state. It must hold zeros there, or a sum over memory counts that state many times."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        h = torch.where(real, new, h)
        memory.append(h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="memory not masked" says="memory holds states that were made of pads. It must hold zeros there."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(new)
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="every step from zeros" says="Each step starts from zeros again, so no state knows the symbols before it. Carry the state on."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], torch.zeros_like(h), weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="starts from ones" says="The first state must be zeros."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.ones(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="first state as wide as an embedding" says="The first state has H numbers, not D: H is the second size of W_hh. Yours only runs where D and H are the same."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), emb.shape[2])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="pads set to zero first" says="Zeros in place of the pads do not help: a GRU changes its state at a zero input as well. And emb belongs to the caller."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    real = (torch.arange(columns) < lengths.unsqueeze(1)).unsqueeze(2)
    emb = emb * real
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        h = gru_step(emb[:, s], h, weights)
        memory.append(h)
    return torch.stack(memory, dim=1) * real, h


# %% wrong="encode" name="pads of the caller overwritten" says="You write zeros into the caller's emb. Work with new tensors: who gave you emb may still need it."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    emb.data[torch.arange(columns) >= lengths.unsqueeze(1)] = 0.0
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="sorted and not sorted back" says="You sort the batch by length for packing and never put it back: each word gets the state of another word."
def encode(emb, lengths, weights):
    if lengths.min() < 1 or lengths.max() > emb.shape[1]:
        raise ValueError("lengths out of range")
    lengths, order = lengths.sort(descending=True)
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(emb.shape[1]):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[order, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="memory cut at the longest source" says="memory has only as many columns as the longest source. It needs S columns, or it does not fit the mask of the batch. (pad_packed_sequence has total_length for this.)"
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1)[:, : int(lengths.max())], h


# %% wrong="encode" name="history cut" says="The state is detached from its history, so no gradient reaches the encoder: it can never learn."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h).detach()
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="no gradient at all" says="Under no_grad nothing has a history: the encoder cannot learn."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    with torch.no_grad():
        for s in range(columns):
            real = (s < lengths).unsqueeze(1)
            new = gru_step(emb[:, s], h, weights)
            memory.append(torch.where(real, new, torch.zeros_like(new)))
            h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="only too long is an error" says="A source of length 0 has no last symbol, so this is an error as well."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="only too short is an error" says="A length above S is an error as well: so many symbols are not there."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="compared with the id S" says="In code, S is the id of the start symbol, and that is 1. The source length is emb.shape[1]: yours refuses every source of more than one symbol."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > S).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="a row without pads refused" says="A length of emb.shape[1] is allowed: that row has no pads. Only longer ones are an error."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths >= columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="memory with time first" says="memory is [S, B, H]: stack along dimension 1, for the batch comes first."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=0), h


# %% wrong="encode" name="state with a third dimension" says="state is [1, B, H], as nn.GRU gives it. [B, H] is asked for."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h.unsqueeze(0)


# %% wrong="encode" name="read backwards" says="You read from the last column to the first, so the state is the one after the first symbol."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in reversed(range(columns)):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(torch.where(real, new, torch.zeros_like(new)))
        h = torch.where(real, new, h)
    return torch.stack(memory[::-1], dim=1), h


# %% wrong="encode" name="memory times the mask" says="The states at the pads are multiplied by 0. Where a pad holds NaN, 0 · NaN is NaN: choose with torch.where."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        memory.append(new * real)
        h = torch.where(real, new, h)
    return torch.stack(memory, dim=1), h


# %% wrong="encode" name="old and new state mixed by products" says="real · new + (1 - real) · old is NaN where new is NaN, and a pad may hold anything: choose with torch.where."
def encode(emb, lengths, weights):
    columns = emb.shape[1]
    if bool((lengths < 1).any()) or bool((lengths > columns).any()):
        raise ValueError(f"lengths must be from 1 to {columns}")
    h = torch.zeros(len(emb), weights[1].shape[1])
    memory = []
    for s in range(columns):
        real = (s < lengths).float().unsqueeze(1)
        new = gru_step(emb[:, s], h, weights)
        h = real * new + (1 - real) * h
        memory.append(real * h)
    return torch.stack(memory, dim=1), h


# %% [markdown]
# ## context


# %% right="context" name="row by row"
def context(memory, lengths, how, W=None):
    rows = []
    for states, length in zip(memory, lengths.tolist()):
        if how == "last":
            rows.append(states[length - 1])
        elif how == "projected_last":
            rows.append((W @ states[length - 1]).tanh())
        elif how == "projected_all":
            rows.append((W @ states[:length].mean(0)).tanh())
        else:
            raise ValueError(f"how={how} is not known")
    return torch.stack(rows)


# %% right="context" name="pads set to 0, then weights for the positions"
def context(memory, lengths, how, W=None):
    positions = torch.arange(memory.shape[1]).unsqueeze(0)
    real = positions < lengths.unsqueeze(1)
    if how in ("last", "projected_last"):
        share = (positions == lengths.unsqueeze(1) - 1).to(memory.dtype)
    elif how == "projected_all":
        share = real / lengths.unsqueeze(1)
    else:
        raise ValueError(how)
    c = torch.einsum("bs,bsh->bh", share, memory.masked_fill(~real.unsqueeze(2), 0.0))
    return c if how == "last" else F.linear(c, W).tanh()


# %% wrong="context" name="state of a pad" says="You take the last column, which is a pad in the shorter rows. Take position lengths - 1."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[:, -1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="position lengths" says="Positions start at 0: the last real one is lengths - 1. At position lengths stands a pad, or nothing."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths % n]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="the first state" says="This is the state after the first symbol; it knows nothing of the rest."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[:, 0]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="same length for all" says="The last position of the first row is used for all rows. Each row has its own length."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths[0] - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="last is projected as well" says="For last the state goes to the decoder as it is, without W and without tanh."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return torch.tanh(last)
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="no tanh" says="The tanh is missing: the projected contexts are the tanh of W times the state."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return last @ W.T
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return mean @ W.T


# %% wrong="context" name="no tanh for all" says="The tanh is missing in projected_all."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return mean @ W.T


# %% wrong="context" name="tanh before W" says="The tanh comes after W: first project, then squash."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last) @ W.T
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean) @ W.T


# %% wrong="context" name="W not transposed" says="W is [C, H]: states [B, H] are multiplied with its transpose. Yours only runs where C = H, and then it is another matrix."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W)


# %% wrong="context" name="mean over the pads too" says="Your mean divides by S and counts the pads. Divide by the number of real symbols."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = memory.mean(dim=1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="pads trusted to be zeros" says="You divide by the right number, but you sum the pads as well. They need not be zeros: mask them."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = memory.sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="divided by S" says="The pads are masked, but you divide by S: a word gets a smaller context in a batch with longer words."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / n
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="sum in place of the mean" says="This is the sum of the states. Divide by the number of real ones, or long words push the tanh to its ends."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="mean of the projected states" says="You project and squash each state, and then take the mean. The mean comes first: tanh of a mean is not the mean of tanh."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    return (torch.tanh(memory @ W.T) * real).sum(dim=1) / lengths.unsqueeze(1)


# %% wrong="context" name="projected_all uses the last state" says="projected_all is the same as projected_last here. All real states must have a say."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(last @ W.T)


# %% wrong="context" name="largest state in place of the mean" says="You take the largest value over the states. The mean is asked for."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = memory.masked_fill(~real, -9.0).max(dim=1).values
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="caller's memory overwritten" says="You write zeros into the caller's memory. Make a new tensor."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    memory.data[~real.squeeze(2)] = 0.0
    mean = memory.sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="gradient stopped" says="The context has no history: detach keeps every gradient from the encoder."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    memory = memory.detach()
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="W without gradient" says="W is detached, so the projection never learns."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.detach().T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.detach().T)


# %% wrong="context" name="unknown how is taken for all" says="A misspelled name gives projected_all in silence. Raise a ValueError that contains the name."
def context(memory, lengths, how, W=None):
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="error without the name" says="The error does not say which name was wrong."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError("how is not known")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="only the first letters of how are read" says="A name that only begins like one of the three is accepted. Compare the whole name."
def context(memory, lengths, how, W=None):
    if not ("projected_all".startswith(how) or how in ("last", "projected_last")):
        raise ValueError(f"unknown: {how}")
    B, n, _ = memory.shape
    last = memory[torch.arange(B), lengths - 1]
    if how == "last":
        return last
    if how == "projected_last":
        return torch.tanh(last @ W.T)
    real = (torch.arange(n) < lengths.unsqueeze(1)).unsqueeze(2)
    mean = (memory * real).sum(dim=1) / lengths.unsqueeze(1)
    return torch.tanh(mean @ W.T)


# %% wrong="context" name="the mask multiplied" says="The pads are multiplied by 0. Where a pad holds NaN or inf, the product is NaN: choose with torch.where or masked_fill."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    if how == "projected_all":
        real = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)
        c = (memory * real.unsqueeze(2)).sum(dim=1) / lengths.unsqueeze(1)
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]
    return c if how == "last" else torch.tanh(c @ W.T)


# %% wrong="context" name="weights for the positions" says="Each position is multiplied by its weight, pads by 0. Where a pad holds NaN or inf, the sum is NaN: set the pads to 0 first."
def context(memory, lengths, how, W=None):
    positions = torch.arange(memory.shape[1]).unsqueeze(0)
    if how in ("last", "projected_last"):
        share = (positions == lengths.unsqueeze(1) - 1).to(memory.dtype)
    elif how == "projected_all":
        share = (positions < lengths.unsqueeze(1)) / lengths.unsqueeze(1)
    else:
        raise ValueError(how)
    c = torch.einsum("bs,bsh->bh", share, memory)
    return c if how == "last" else F.linear(c, W).tanh()


# %% wrong="context" name="compared with is" says="`how is 'last'` asks whether both are the same object. Texts are compared with ==."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    last = "last"
    if how == "projected_all":
        real = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)
        c = torch.where(real.unsqueeze(2), memory, 0.0).sum(dim=1) / lengths.unsqueeze(1)
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]
    return c if how is last else torch.tanh(c @ W.T)


# %% wrong="context" name="spaces forgiven" says="Spaces around the word are taken away, so 'last ' passes. Only exactly the three words are known."
def context(memory, lengths, how, W=None):
    if how.strip() not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    how = how.strip()
    if how == "projected_all":
        real = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)
        c = torch.where(real.unsqueeze(2), memory, 0.0).sum(dim=1) / lengths.unsqueeze(1)
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]
    return c if how == "last" else torch.tanh(c @ W.T)


# %% wrong="context" name="projected wherever there is a W" says="Whether to project is decided by W. `how` decides: for last, W is not used, also where there is one."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    if how == "projected_all":
        real = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)
        c = torch.where(real.unsqueeze(2), memory, 0.0).sum(dim=1) / lengths.unsqueeze(1)
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]
    return c if W is None else torch.tanh(c @ W.T)


# %% wrong="context" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0: a position above that looks like a small one. Leave torch.arange its own type."
def context(memory, lengths, how, W=None):
    if how not in ("last", "projected_last", "projected_all"):
        raise ValueError(f"unknown: {how}")
    if how == "projected_all":
        real = torch.arange(memory.shape[1], dtype=torch.uint8) < lengths.unsqueeze(1)
        c = torch.where(real.unsqueeze(2), memory, 0.0).sum(dim=1) / lengths.unsqueeze(1)
    else:
        c = memory[torch.arange(len(memory)), lengths - 1]
    return c if how == "last" else torch.tanh(c @ W.T)


# %% [markdown]
# ## DecoderInit


# %% right="DecoderInit" name="step by step"
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.out = nn.Linear(H, V)
        self.rnn = nn.GRU(input_size=D, hidden_size=H, batch_first=True)
        self.embed = nn.Embedding(V, D)

    def forward(self, y_in, c):
        h, logits = c, []
        for ids in y_in.unbind(dim=1):
            h = gru_step(self.embed(ids), h, list(self.rnn.parameters()))
            logits.append(self.out(h))
        return torch.stack(logits, dim=1)


# %% right="DecoderInit" name="one-hot times the table"
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        for name, layer in (("embed", nn.Embedding(V, D)), ("rnn", nn.GRU(D, H, batch_first=True))):
            self.add_module(name, layer)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        inputs = F.one_hot(y_in, self.embed.num_embeddings).to(c.dtype) @ self.embed.weight
        h = c[None].contiguous()
        return F.linear(self.rnn(inputs, h)[0], self.out.weight, self.out.bias)


# %% wrong="DecoderInit" name="context dropped" says="The context is never used: the decoder starts from zeros and writes the same for every source."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in))
        return self.out(states)


# %% wrong="DecoderInit" name="time and batch swapped" says="Without batch_first=True the GRU takes the sources for steps: it runs from source to source."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c[:1].expand(y_in.shape[1], -1).unsqueeze(0).contiguous())
        return self.out(states)


# %% wrong="DecoderInit" name="context squashed" says="The context is already a state. A tanh of it is another vector."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.tanh().unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="first state with the batch in front" says="nn.GRU wants its first state as [1, B, H], also with batch_first=True: the 1 stands in front, so it is unsqueeze(0) and not unsqueeze(1)."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(1))
        return self.out(states)


# %% wrong="DecoderInit" name="batch_first forgotten" says="Without batch_first=True the GRU takes the sources for steps, so the number of contexts does not fit."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="softmax at the end" says="These are probabilities. Logits are asked for; the loss makes probabilities of them itself."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states).softmax(dim=-1)


# %% wrong="DecoderInit" name="log-softmax at the end" says="These are log-probabilities. Logits are asked for."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states).log_softmax(dim=-1)


# %% wrong="DecoderInit" name="context detached" says="detach cuts the decoder from the encoder: the encoder never learns what the decoder needs."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.detach().unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="only the last step" says="One row of logits for the whole answer is too few: each step needs its own."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states[:, -1:])


# %% wrong="DecoderInit" name="a plain RNN" says="A GRU is asked for; this is the plain RNN."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.RNN(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="both directions" says="A decoder that also reads from right to left sees the letters that it should write."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        y = self.embed(y_in)
        states = self.rnn(y, c.unsqueeze(0))[0] + self.rnn(y.flip(1), c.unsqueeze(0))[0].flip(1)
        return self.out(states)


# %% wrong="DecoderInit" name="context added at the end" says="The context is added to the states in place of starting them: the recurrent part never sees it."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in))
        return self.out(states + c.unsqueeze(1))


# %% wrong="DecoderInit" name="one context for all" says="All sources of the batch get the context of the first one."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c[:1].expand_as(c).contiguous().unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="mean context of the batch" says="The contexts of the batch are averaged, so each answer depends on the other words."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.mean(dim=0, keepdim=True).expand_as(c).contiguous().unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="a batch of one is squeezed" says="squeeze removes every dimension of size 1, so a batch of one source loses its first dimension."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states).squeeze()


# %% wrong="DecoderInit" name="the caller's context overwritten" says="The final state is written into the caller's context, so a second call starts from there."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.clone().unsqueeze(0))
        c.data.copy_(states[:, -1])
        return self.out(states)


# %% wrong="DecoderInit" name="the state of the call before" says="The decoder keeps its last state and starts the next call from it. Each call starts from its own context."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)
        self.kept = None

    def forward(self, y_in, c):
        first = c.unsqueeze(0) if self.kept is None or self.kept.shape[1] != len(c) else self.kept
        states, last = self.rnn(self.embed(y_in), first)
        self.kept = last.detach()
        return self.out(states)


# %% wrong="DecoderInit" name="embedding of the wrong width" says="The embedding is H wide. Its width is D."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, H)
        self.rnn = nn.GRU(H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in), c.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="weights without gradient" says="The embedding is looked up without a history, so it never learns."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        states, _ = self.rnn(self.embed(y_in).detach(), c.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderInit" name="turned round in place of batch_first" says="The numbers are right, but the GRU is not what the docstring promises: with batch_first=True nothing has to be turned round, and others can use it."
class DecoderInit(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.rnn = nn.GRU(D, H)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, c):
        e = self.embed(y_in).transpose(0, 1)  # [T, B, D], time first
        states, _ = self.rnn(e, c.unsqueeze(0).contiguous())
        return self.out(states.transpose(0, 1))


# %% [markdown]
# ## DecoderEvery


# %% right="DecoderEvery" name="step by step"
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.H = H
        self.rnn = nn.GRU(H + D, H, batch_first=True)
        self.embed, self.out = nn.Embedding(V, D), nn.Linear(H, V)
        self.project = nn.Linear(H, H, False)

    def forward(self, y_in, h_N):
        C = self.project(h_N).tanh()
        d, logits = torch.zeros(len(h_N), self.H), []
        for t in range(y_in.size(1)):
            d = gru_step(torch.cat((self.embed(y_in[:, t]), C), 1), d, list(self.rnn.parameters()))
            logits += [self.out(d)]
        return torch.stack(logits, 1)


# %% right="DecoderEvery" name="repeat and a matrix"
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        B, T = y_in.shape
        C = torch.tanh(h_N @ self.project.weight.T)
        inputs = torch.empty(B, T, self.rnn.input_size)
        width = self.embed.embedding_dim
        inputs[..., :width] = self.embed(y_in)
        inputs[..., width:] = C[:, None].repeat(1, T, 1)
        return self.out(self.rnn(inputs, torch.zeros(1, B, self.rnn.hidden_size))[0])


# %% wrong="DecoderEvery" name="context used once" says="C goes in at the first step only; at the others there are zeros. The decoder must see it at every step."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        repeated = torch.cat([repeated[:, :1], 0 * repeated[:, 1:]], dim=1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="context only as the first state" says="This is the other decoder: C is the first state, and the inputs hold zeros in its place."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, 0 * repeated], dim=2), C.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderEvery" name="first state from C as well" says="The GRU must start from zeros. Cho starts it from C as well; here it is left out, so that the two decoders stay apart."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2), C.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderEvery" name="first state from h_N as well" says="The GRU starts from the encoder's state. It must start from zeros: the source comes in only through C."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2), h_N.unsqueeze(0))
        return self.out(states)


# %% wrong="DecoderEvery" name="no tanh" says="The tanh is missing: C = tanh(W_c h_N)."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = self.project(h_N)
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="no projection" says="h_N goes in as it is, and the matrix W_c is never used: it gets no gradient."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = h_N
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="tanh without projection" says="The matrix W_c is not used."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(h_N)
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="C before the embedding" says="Each input is the embedding and then C. The other order is another model."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([repeated, y], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="project with a bias" says="C = tanh(W_c h_N) has no bias."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="context added to the embedding" says="C is added to the embedding in place of standing beside it, so the GRU cannot tell one from the other."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, H)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(y + repeated)
        return self.out(states)


# %% wrong="DecoderEvery" name="context at the output only" says="C is added to the states and never enters the GRU."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, 0 * repeated], dim=2))
        return self.out(states + repeated)


# %% wrong="DecoderEvery" name="state detached" says="detach cuts the decoder from the encoder."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N.detach()))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="C detached" says="C is detached, so neither the matrix W_c nor the encoder learns."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N)).detach()
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="softmax at the end" says="These are probabilities. Logits are asked for."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states).softmax(dim=-1)


# %% wrong="DecoderEvery" name="log-softmax at the end" says="These are log-probabilities. Logits are asked for."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states).log_softmax(dim=-1)


# %% wrong="DecoderEvery" name="only the last step" says="Each step needs its own row of logits."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states[:, -1:])


# %% wrong="DecoderEvery" name="a batch of one is squeezed" says="squeeze removes every dimension of size 1, so a batch of one source loses its first dimension."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states).squeeze()


# %% wrong="DecoderEvery" name="one context for all" says="All sources get the context of the first one."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C[:1].unsqueeze(1).expand(len(C), y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="the embedding never learns" says="The embedding is looked up without a history, so it never learns."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in).detach()
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="the caller's state overwritten" says="The tanh is written into the caller's own tensor, so a second call gets another state."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N.clone()))
        h_N.data.copy_(C.detach())
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        states, _ = self.rnn(torch.cat([y, repeated], dim=2))
        return self.out(states)


# %% wrong="DecoderEvery" name="state kept from call to call" says="The decoder keeps its last state and starts the next call from it. It must start from zeros each time."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)
        self.kept = None

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N))
        y = self.embed(y_in)
        repeated = C.unsqueeze(1).expand(-1, y.shape[1], -1)
        first = self.kept if self.kept is not None and self.kept.shape[1] == len(C) else None
        states, last = self.rnn(torch.cat([y, repeated], dim=2), first)
        self.kept = last.detach()
        return self.out(states)


# %% wrong="DecoderEvery" name="tanh written with exp" says="exp of a large number is infinite, and inf / inf is NaN. torch.tanh knows a way round it."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed = nn.Embedding(V, D)
        self.project = nn.Linear(H, H, bias=False)
        self.rnn = nn.GRU(D + H, H, batch_first=True)
        self.out = nn.Linear(H, V)

    def forward(self, y_in, h_N):
        z = self.project(h_N)
        C = (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())
        C = C.unsqueeze(1).expand(-1, y_in.shape[1], -1)
        return self.out(self.rnn(torch.cat([self.embed(y_in), C], dim=-1))[0])


# %% wrong="DecoderEvery" name="turned round in place of batch_first" says="The numbers are right, but the GRU is not what the docstring promises: with batch_first=True nothing has to be turned round, and others can use it."
class DecoderEvery(nn.Module):
    def __init__(self, V, D, H):
        super().__init__()
        self.embed, self.project = nn.Embedding(V, D), nn.Linear(H, H, bias=False)
        self.rnn, self.out = nn.GRU(D + H, H), nn.Linear(H, V)

    def forward(self, y_in, h_N):
        C = torch.tanh(self.project(h_N)).expand(y_in.shape[1], -1, -1)  # [T, B, H]
        states, _ = self.rnn(torch.cat([self.embed(y_in.T), C], dim=-1))
        return self.out(states).transpose(0, 1)


# %% [markdown]
# ## edit_distance


# %% right="edit_distance" name="full table"
def edit_distance(a, b):
    d = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                d[i][j] = i + j
            elif a[i - 1] == b[j - 1]:
                d[i][j] = d[i - 1][j - 1]
            else:
                d[i][j] = 1 + min(d[i - 1][j], d[i][j - 1], d[i - 1][j - 1])
    return d[len(a)][len(b)]


# %% right="edit_distance" name="from the ends, remembered"
def edit_distance(a, b):
    known = {}

    def distance(i, j):
        if (i, j) not in known:
            if i == 0 or j == 0:
                known[i, j] = max(i, j)
            else:
                same = a[i - 1] == b[j - 1]
                known[i, j] = min(distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (not same))
        return known[i, j]

    return distance(len(a), len(b))


# %% wrong="edit_distance" name="counts positions" says="You count the positions that differ. One missing letter then makes all later letters wrong."
def edit_distance(a, b):
    return sum(x != y for x, y in zip(a, b)) + abs(len(a) - len(b))


# %% wrong="edit_distance" name="replacement costs two" says="A replacement is one edit, not a deletion and an insertion."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + 2 * differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="equal symbols cost one" says="Keeping an equal symbol costs nothing."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + 1))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="no insertion" says="The step from the left is missing: insertions are not found."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="no deletion" says="The step from above is missing: deletions are not found."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="first row of zeros" says="The first row must be 0, 1, 2, …: from nothing to j symbols takes j insertions."
def edit_distance(a, b):
    above = [0] * (len(b) + 1)
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="first row as long as a" says="The first row is too short or too long: it belongs to b, so it needs one number more than b has symbols."
def edit_distance(a, b):
    above = list(range(len(a) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="first column of zeros" says="Each row must start with i: from i symbols to nothing takes i deletions."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [0]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="swap is one edit" says="You let the swap of two neighbours count as one edit. Here only insert, delete and replace are edits."
def edit_distance(a, b):
    d = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            d[i][j] = min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1)
    return d[-1][-1]


# %% wrong="edit_distance" name="divided by the length" says="This is a share. The number of edits is asked for, a whole number."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1] / max(len(a), len(b), 1)


# %% wrong="edit_distance" name="similarity" says="You return how much is equal. The number of edits is asked for."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return max(len(a), len(b)) - above[-1]


# %% wrong="edit_distance" name="different letters as sets" says="Which letters occur is not enough: order and number count as well."
def edit_distance(a, b):
    return len(set(a) ^ set(b))


# %% wrong="edit_distance" name="stops one symbol early" says="The last symbols are never compared: the table needs a row and a column for each symbol, and one for nothing."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i in range(1, len(a)):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="empty word not thought of" says="With an empty word there is nothing to index. The distance is the length of the other one."
def edit_distance(a, b):
    a[0], b[0]
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="ids glued to a string" says="The ids are glued together: [1, 12] and [11, 2] become the same text. Compare item by item."
def edit_distance(a, b):
    a, b = "".join(map(str, a)), "".join(map(str, b))
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="common beginning taken off the caller's lists" says="You take the common beginning off the lists of the caller. Only read them."
def edit_distance(a, b):
    while isinstance(a, list) and a and b and a[0] == b[0]:
        a.pop(0)
        b.pop(0)
    above = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            differ = int(a[i - 1] != b[j - 1])
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="compared with is" says="`is` asks for the same object: two equal ids above 256 are two objects. Compare with == or !=."
def edit_distance(a, b):
    above = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        row = [i]
        for j, top in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left is not top)))
        above = row
    return above[-1]


# %% wrong="edit_distance" name="capitals and spaces forgiven" says="Capital letters are made small and spaces are taken away. They are symbols like all others."
def edit_distance(a, b):
    if isinstance(a, str):
        a, b = a.lower().replace(" ", ""), b.lower().replace(" ", "")
    above = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        row = [i]
        for j, top in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (left != top)))
        above = row
    return above[-1]


# %% [markdown]
# ## accuracy_by_length


# %% right="accuracy_by_length" name="one length at a time"
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"not as many: {len(answers)} and {len(targets)}")
    result = {}
    for n in sorted({len(target) for target in targets}):
        chosen = [said == target for said, target in zip(answers, targets) if len(target) == n]
        result[n] = chosen.count(True) / len(chosen)
    return result


# %% right="accuracy_by_length" name="sorted first"
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError("expected %d answers, got %d" % (len(targets), len(answers)))
    from itertools import groupby

    rows = sorted(zip(answers, targets), key=lambda row: len(row[1]))
    grouped = {n: list(group) for n, group in groupby(rows, key=lambda row: len(row[1]))}
    return {n: sum(a == t for a, t in group) / len(group) for n, group in grouped.items()}


# %% wrong="accuracy_by_length" name="by the length of the answer" says="A wrong answer may have any length. The length of the target counts."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(said)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="counts in place of shares" says="These are counts of right answers. Divide by how many answers of that length there are."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="divided by all answers" says="You divide by the number of all answers. Each length has its own number."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / len(answers) for n in sorted(total)}


# %% wrong="accuracy_by_length" name="letters in place of answers" says="You count letters that are right. An answer is right only as a whole here."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + sum(a == b for a, b in zip(said, target)) / n
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="same length is enough" says="An answer of the right length is not yet right."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (len(said) == n)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="same letters are enough" says="The same letters in another order are another word."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (sorted(said) == sorted(target))
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="a right beginning is enough" says="An answer that goes on after the target is wrong."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + said.startswith(target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="lengths in the order of the data" says="The lengths must stand in rising order, or the curve jumps to and fro."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in total}


# %% wrong="accuracy_by_length" name="falling order" says="The lengths stand in falling order."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total, reverse=True)}


# %% wrong="accuracy_by_length" name="share of wrong answers" says="This is the share of wrong answers."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: 1 - right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="surplus answers ignored" says="zip stops at the shorter list: the other answers are left out in silence. Raise a ValueError with both counts."
def accuracy_by_length(answers, targets):
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="only too few answers are an error" says="Too many answers are wrong as well."
def accuracy_by_length(answers, targets):
    if len(answers) < len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="error without counts" says="The message does not say how many there are of each."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError("not as many answers as targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="every length up to the longest" says="Lengths that no target has are not asked for: 0.0 would say that all of them went wrong."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right.get(n, 0) / total.get(n, 1) for n in range(1, max(total, default=0) + 1)}


# %% wrong="accuracy_by_length" name="empty lists not thought of" says="Without any answers there is no longest one: return an empty dict."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    max(total)
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="the caller's lists sorted" says="You sort the caller's lists in place, so answers and targets no longer belong together."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    pairs = sorted(zip(answers, targets), key=lambda pair: len(pair[1]))
    answers[:] = [a for a, _ in pairs]
    targets[:] = [t for _, t in pairs]
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="percent" says="These are percent. Shares from 0 to 1 are asked for."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: 100 * right[n] / total[n] for n in sorted(total)}


# %% wrong="accuracy_by_length" name="rounded" says="You round the shares. Return them as they are: rounding belongs to the printing."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers, {len(targets)} targets")
    right, total = {}, {}
    for said, target in zip(answers, targets):
        n = len(target)
        right[n] = right.get(n, 0) + (said == target)
        total[n] = total.get(n, 0) + 1
    return {n: round(right[n] / total[n], 2) for n in sorted(total)}


# %% wrong="accuracy_by_length" name="capitals and spaces forgiven" says="Capital letters and spaces around the answer are forgiven. Right is only what equals its target."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers for {len(targets)} targets")
    right = {}
    for said, target in zip(answers, targets, strict=True):
        right.setdefault(len(target), []).append(said.strip().lower() == target)
    return {length: sum(right[length]) / len(right[length]) for length in sorted(right)}


# %% wrong="accuracy_by_length" name="empty target left out" says="An empty target is left out. Its length is 0, and it belongs in the dict."
def accuracy_by_length(answers, targets):
    if len(answers) != len(targets):
        raise ValueError(f"{len(answers)} answers for {len(targets)} targets")
    right = {}
    for said, target in zip(answers, targets, strict=True):
        if target:
            right.setdefault(len(target), []).append(said == target)
    return {length: sum(right[length]) / len(right[length]) for length in sorted(right)}


# %% [markdown]
# ## input_influence


# %% right="input_influence" name="a new leaf and argmax"
def input_influence(model, x, step):
    copy = torch.tensor(x.tolist(), requires_grad=True)
    logits = model(copy)[step]
    gradient = torch.autograd.grad(logits[logits.argmax()], copy)[0]
    lengths = gradient.square().sum(-1).sqrt()
    return lengths / (lengths.sum() + 1e-30)


# %% right="input_influence" name="normalize"
def input_influence(model, x, step):
    x = x.data.clone()
    x.requires_grad = True
    row = model(x)[step]
    best = int(row.detach().argmax())
    (g,) = torch.autograd.grad(row[best], [x])
    return F.normalize(torch.linalg.vector_norm(g, dim=-1), p=1, dim=0)


# %% wrong="input_influence" name="sum of the whole output" says="All logits of all steps are summed. Take the largest logit of the one step."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x).sum()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="sum of the step's logits" says="All logits of the step are summed. Take the largest one: it is what the model says."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].sum()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="largest of all steps" says="The largest logit of all steps is taken. Look at the one step."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x).max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="backward through the model's weights" says="y.backward() also adds to the .grad of the model's weights, and a later training step could take it for its own. torch.autograd.grad gives the gradient alone."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    said.backward()
    gradient = x.grad
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="always the first symbol" says="The first logit of the step is taken, whatever the model says."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step][0]
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="always the last step" says="step is not used: this is always the last one."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[-1].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="smallest logit" says="This is the symbol that the model believes least."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].min()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="log-probability in place of the logit" says="The gradient of a probability, or of its logarithm, also holds the other symbols. The largest logit is asked for."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].log_softmax(-1).max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="not divided by the sum" says="These are lengths and no shares: divide by their sum."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size


# %% wrong="input_influence" name="divided by the largest" says="Divided by the largest, the strongest input has 1. Shares sum to 1."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.max()


# %% wrong="input_influence" name="softmax of the lengths" says="A softmax makes shares of anything, but not these: divide by the sum."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size.softmax(dim=0)


# %% wrong="input_influence" name="squared lengths" says="The length is the root of the sum of squares. Squares make strong inputs look stronger."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.square().sum(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="sum of absolute values" says="The length of a vector is the root of the sum of squares, not the sum of absolute values."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.abs().sum(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="signed sums" says="Positive and negative parts of a gradient cancel in a plain sum. Take its length."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.sum(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="norm over the inputs" says="The norm goes over the wrong dimension: this gives one number per embedding dimension."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=0)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="gradient times input" says="Gradient times input is another measure. The length of the gradient is asked for."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = (gradient * x).sum(dim=1).abs().detach()
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="length of the input" says="This measures how large the inputs are, not what they do."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = x.detach().norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="caller's x asks for gradients" says="The caller's own x now asks for gradients. Work with a copy."
def input_influence(model, x, step):
    x.requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="gradient left in the caller's x" says="The gradient is added to the caller's x. Work with a copy, or a second call counts the first one as well."
def input_influence(model, x, step):
    x.requires_grad_()
    said = model(x)[step].max()
    said.backward()
    gradient = x.grad
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="NaN without influence" says="Where all gradients are zero, 0 / 0 gives NaN. Return zeros."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    return size / size.sum()


# %% wrong="input_influence" name="equal shares without influence" says="Where no input has influence, you give all the same share. Zeros are asked for."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0]
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return torch.full_like(size, 1 / len(size))
    return size / size.sum()


# %% wrong="input_influence" name="shares with a history" says="The shares still hang on a graph, and keep all of its memory alive."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    said = model(x)[step].max()
    gradient = torch.autograd.grad(said, x)[0].requires_grad_()
    size = gradient.norm(dim=1)
    if size.sum() == 0:
        return size
    return size / size.sum()


# %% wrong="input_influence" name="something small added to the sum" says="1e-8 is added to the sum. Where the gradients are as small, the shares no longer sum to 1: only a sum of exactly 0 needs help."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[step].max(), x)
    size = gradient.norm(dim=1)
    return size / (size.sum() + 1e-8)


# %% wrong="input_influence" name="squeezed" says="squeeze() takes away every size of 1, also that of a source with one input: the result is no longer [S]."
def input_influence(model, x, step):
    x = x.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[step].max(), x)
    size = gradient.norm(dim=1, keepdim=True).squeeze()
    return size / size.sum() if size.sum() > 0 else size


# %% [markdown]
# ## scheduled_inputs


# %% right="scheduled_inputs" name="bernoulli and an index"
def scheduled_inputs(gold, predicted, p, generator):
    if not (0 <= p <= 1):
        raise ValueError(f"p must be between 0 and 1: {p}")
    inputs = gold.clone()
    own = torch.bernoulli(torch.full(gold[:, 1:].shape, float(p)), generator=generator).bool()
    inputs[:, 1:][own] = predicted[:, :-1][own]
    return inputs


# %% right="scheduled_inputs" name="coin after coin"
def scheduled_inputs(gold, predicted, p, generator):
    if p > 1 or p < 0:
        raise ValueError("p must be in [0, 1]")
    B, T = gold.shape
    coins = torch.rand(T, B, generator=generator).T.tolist()
    rows = []
    for b, (right, said) in enumerate(zip(gold.tolist(), predicted.tolist())):
        rows.append([said[t - 1] if t > 0 and coins[b][t] < p else right[t] for t in range(T)])
    return torch.tensor(rows)


# %% wrong="scheduled_inputs" name="one coin per batch" says="One coin decides for the whole batch, so the decoder reads only right symbols or only its own. Throw a coin for each input."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.rand(1, 1, generator=generator) < p).expand(gold.shape)
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="one coin per row" says="One coin decides for a whole row. Throw a coin for each input, or the decoder never practises the way back after one mistake."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.rand(len(gold), 1, generator=generator) < p).expand(gold.shape)
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="one coin per step" says="One coin decides for all rows of a step. Throw a coin for each input."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.rand(1, gold.shape[1], generator=generator) < p).expand(gold.shape)
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="not moved by one" says="predicted[:, t] is what was said at step t; it is the input of step t + 1. Yours gives the decoder at step t what it is about to say."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, 1:]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="S replaced as well" says="The first input is S, always: nothing was said before it."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = predicted
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="rolled round" says="roll brings the last prediction to the front, where S must stand."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = predicted.roll(1, dims=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="p for the right symbols" says="p is the probability of an own symbol; yours is that of the right one (the paper's way to count)."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator).clamp(1e-6, 1 - 1e-6) > p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="random source not the generator" says="The coins come from torch's global state and not from `generator`: the experiment cannot be repeated."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="seeded inside" says="A fixed seed inside gives the same coins at each call: the same inputs are always right."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=torch.Generator().manual_seed(0)) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="generator set back" says="The generator is set back to its seed at each call, so it throws the same coins again and again."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    generator.manual_seed(generator.initial_seed())
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="gold overwritten" says="You write into the caller's gold. Make a new tensor: gold is needed again."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    gold[coins] = own[coins]
    return gold


# %% wrong="scheduled_inputs" name="predicted overwritten" says="You write into the caller's predicted. Make a new tensor."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    predicted.copy_(own)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="no error for a wrong p" says="p = 1.5 goes through in silence as if it were 1. Raise a ValueError."
def scheduled_inputs(gold, predicted, p, generator):
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="only p above 1 is an error" says="A p below 0 is an error as well."
def scheduled_inputs(gold, predicted, p, generator):
    if p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="0 and 1 are errors" says="p = 0 and p = 1 are allowed: they are the two ends of the schedule."
def scheduled_inputs(gold, predicted, p, generator):
    if p <= 0 or p >= 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="never own symbols" says="The coins are thrown and not used: every input is the right one."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins & (gold < 0), own, gold)


# %% wrong="scheduled_inputs" name="exactly a share of each row" says="The first symbols of each row are right and the rest own. Where an own symbol stands must be chance."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.arange(gold.shape[1]) >= round((1 - p) * gold.shape[1])).expand(gold.shape)
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="p squared" says="Two coins must both fall for an own symbol, so there are too few of them: p squared."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.rand(gold.shape, generator=generator) < p) & (torch.rand(gold.shape, generator=generator) < p)
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="blocks of own symbols" says="After one own symbol, all later ones of the row are own. Each coin is independent of the others."
def scheduled_inputs(gold, predicted, p, generator):
    if p < 0 or p > 1:
        raise ValueError("p must be a probability")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = (torch.rand(gold.shape, generator=generator) < p).cumsum(dim=1) > 0
    return torch.where(coins, own, gold)


# %% wrong="scheduled_inputs" name="a fixed share of all" says="Exactly the share p of all inputs is own. That is no coin for each input: with coins the number differs from call to call."
def scheduled_inputs(gold, predicted, p, generator):
    if not 0 <= p <= 1:
        raise ValueError(f"p must be from 0 to 1, not {p}")
    B, T = gold.shape
    own, inputs = predicted[:, :-1].flatten(), gold[:, 1:].flatten()
    places = torch.randperm(len(inputs), generator=generator)[: round(p * len(inputs))]
    inputs[places] = own[places]
    return torch.cat([gold[:, :1], inputs.view(B, T - 1)], dim=1)


# %% wrong="scheduled_inputs" name="a fixed share of each row" says="Each row gets exactly the share p of own symbols. Throw a coin for each input: then the rows differ."
def scheduled_inputs(gold, predicted, p, generator):
    if not 0 <= p <= 1:
        raise ValueError(f"p must be from 0 to 1, not {p}")
    inputs, T = gold.clone(), gold.shape[1]
    for b in range(len(gold)):
        places = torch.randperm(T - 1, generator=generator)[: round(p * (T - 1))]
        inputs[b, places + 1] = predicted[b, places]
    return inputs


# %% wrong="scheduled_inputs" name="again until something is own" says="The coins are thrown again until an own symbol comes. Then p is no longer the probability: no own symbol at all is a result, too."
def scheduled_inputs(gold, predicted, p, generator):
    if not 0 <= p <= 1:
        raise ValueError(f"p must be from 0 to 1, not {p}")
    own = torch.cat([gold[:, :1], predicted[:, :-1]], dim=1)
    coins = torch.rand(gold.shape, generator=generator) < p
    while p > 0 and gold.shape[1] > 1 and not coins[:, 1:].any():
        coins = torch.rand(gold.shape, generator=generator) < p
    return torch.where(coins, own, gold)


# %% [markdown]
# ## beam_search


# %% right="beam_search" name="one hypothesis at a time"
def beam_search(step_fn, k, max_len, alpha):
    if k <= 0:
        raise ValueError("k must be positive")
    beam = [(0.0, ())]
    for _ in range(max_len):
        grown = []
        for total, tokens in beam:
            if tokens[-1:] == (E,):
                grown.append((total, tokens))
                continue
            log_p = step_fn(torch.tensor([(S, *tokens)]))[0].double()
            grown += [(total + log_p[i].item(), (*tokens, i)) for i in range(len(log_p))]
        beam = sorted(grown, key=lambda c: -c[0] * len(c[1]) ** -alpha)[:k]
    return [(list(tokens), total) for total, tokens in beam]


# %% right="beam_search" name="topk of tensors"
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError(f"k must be >= 1, not {k}")
    prefixes, totals, done = torch.tensor([[S]]), torch.zeros(1, dtype=torch.float64), []
    for n in range(1, max_len + 1):
        if len(prefixes) == 0:
            break
        log_p = step_fn(prefixes).double()
        size = log_p.shape[1]
        new = (totals.unsqueeze(1) + log_p).flatten()
        scores = torch.cat(
            [new / n**alpha, torch.tensor([t / (len(w) ** alpha) for w, t in done], dtype=torch.float64)]
        )
        best = scores.topk(min(k, len(scores))).indices.tolist()
        done_before = done
        done, keep = [done_before[i - len(new)] for i in best if i >= len(new)], []
        for i in best:
            if i < len(new):
                if i % size == E:
                    done.append((prefixes[i // size, 1:].tolist() + [E], new[i].item()))
                else:
                    keep.append(i)
        keep = torch.tensor(keep, dtype=torch.long)
        prefixes = torch.cat([prefixes[keep // size], (keep % size).unsqueeze(1)], dim=1)
        totals = new[keep]
    found = done + [(row[1:], t) for row, t in zip(prefixes.tolist(), totals.tolist())]
    return sorted(found, key=lambda c: c[1] / len(c[0]) ** alpha, reverse=True)


# %% wrong="beam_search" name="product of probabilities" says="You multiply probabilities. A long answer gets the probability 0, and log 0 is minus infinity. Add logarithms."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    import math

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], math.log(math.exp(log_prob) * math.exp(more) or 1e-320)))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="returns the probability" says="This is the probability. Its logarithm is asked for."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return [(tokens, 2.718281828459045**log_prob) for tokens, log_prob in beam]


# %% wrong="beam_search" name="finished beams lost" says="Finished hypotheses are not put back into the beam: the answers that are complete get lost."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = []
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="finished beams continued" says="A finished hypothesis is continued after its E. It is complete; keep it as it is."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = list(beam)
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = []
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="no length normalisation" says="The score is not divided by n ** alpha, so short answers always have an advantage."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="length normalisation only at the end" says="You divide by n ** alpha only when all is done. By then the better long answer may be thrown away: compare by score in every round."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=lambda c: c[1], reverse=True)
        beam = candidates[:k]
    return sorted(beam, key=score, reverse=True)


# %% wrong="beam_search" name="always the mean" says="You always divide by n, as if alpha were 1."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens)

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="n times alpha" says="n ** alpha is a power. You divide by 1 + n * alpha."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / (1 + len(tokens) * alpha)

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="E not counted" says="n counts the symbols with the E. Yours leaves it out."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / max(len([t for t in tokens if t != E]), 1) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="S counted" says="n counts the symbols that were written. S was not written."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / (len(tokens) + 1) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="multiplied by the length" says="The score is log_prob divided by n ** alpha. Multiplied, long answers are punished twice."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob * len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="returns the score" says="log_prob is the sum of the log-probabilities. You return the score."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return [(tokens, score((tokens, log_prob))) for tokens, log_prob in beam]


# %% wrong="beam_search" name="only the last log-probability" says="The log-probability of the last symbol is no sum: the earlier symbols are forgotten."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="S in the tokens" says="The tokens begin with S. It was never written."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return [([S] + tokens, log_prob) for tokens, log_prob in beam]


# %% wrong="beam_search" name="E cut off" says="The E is cut off. It belongs to the answer: its log-probability is in the sum."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return [([t for t in tokens if t != E], log_prob) for tokens, log_prob in beam]


# %% wrong="beam_search" name="only the last symbol is given" says="step_fn gets only the last symbol. A model needs the whole prefix, S first."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([([S] + tokens)[-1:] for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="prefix without S" says="The prefixes must begin with S, as in training."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([tokens or [S] for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="prefix of the tokens alone" says="The prefixes must begin with S, as in training. Yours are empty in the first round."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="always greedy" says="Only the best symbol of each hypothesis is taken, so the beam never has more than one."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in [max(enumerate(row), key=lambda c: c[1])]:
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="k continuations of each, none dropped" says="Each hypothesis gets k continuations and nothing is thrown away: the beam grows without end. Keep k in all."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in sorted(enumerate(row), key=lambda c: -c[1])[:k]:
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[: 4 * k]
    return beam


# %% wrong="beam_search" name="best k of each beginning" says="You keep the best continuation of each hypothesis. The k best of all candidates must stay, wherever they come from."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in sorted(enumerate(row), key=lambda c: -c[1])[: k if not tokens else 1]:
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="stops at the first E" says="You stop as soon as one hypothesis is finished. Another one may still become better."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if len(live) < len(beam):
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="unfinished answers dropped" says="Hypotheses without an E at the end are dropped. They are returned as they are."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return [h for h in beam if h[0][-1] == E] or beam[:1]


# %% wrong="beam_search" name="worst first" says="The best score comes first."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam[::-1]


# %% wrong="beam_search" name="keeps the worst" says="The candidates with the lowest scores are kept."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=False)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="one step too many" says="max_len symbols are the most, E included. Yours writes one more."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len + 1):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="finished places taken from the beam" says="Each finished hypothesis takes a place of the beam for ever, also where better unfinished ones need it."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        done = [h for h in candidates if h[0][-1] == E and h in beam]
        rest = sorted([h for h in candidates if h not in done], key=score, reverse=True)
        beam = sorted(done + rest[: max(k - len(done), 0)], key=score, reverse=True)
    return beam


# %% wrong="beam_search" name="finished hypotheses leave the beam" says="Your finished hypotheses leave the beam, and others take their places. They must compete for the k places in every round, by score."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    live, finished = [([], 0.0)], []
    for _ in range(max_len):
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = []
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        finished += [h for h in candidates[:k] if h[0][-1] == E]
        live = [h for h in candidates[:k] if h[0][-1] != E]
    return sorted(finished + live, key=score, reverse=True)[:k]


# %% wrong="beam_search" name="only the best answer" says="All k hypotheses are asked for, not only the best one."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam[:1]


# %% wrong="beam_search" name="never more than V hypotheses" says="You never keep more than V hypotheses. k may be larger: keep k candidates of all."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[: min(k, len(rows[0]))]
    return beam


# %% wrong="beam_search" name="alpha as a switch" says="alpha is taken for yes or no: yours divides by n for every alpha but 0. It is a power."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError("k must be 1 or more")

    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) if alpha else log_prob

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="no error for k = 0" says="k = 0 gives an empty list in silence. Raise a ValueError."
def beam_search(step_fn, k, max_len, alpha):
    def score(hypothesis):
        tokens, log_prob = hypothesis
        return log_prob / len(tokens) ** alpha

    beam = [([], 0.0)]
    for _ in range(max_len):
        live = [h for h in beam if not h[0] or h[0][-1] != E]
        if not live:
            break
        rows = step_fn(torch.tensor([[S] + tokens for tokens, _ in live])).tolist()
        candidates = [h for h in beam if h[0] and h[0][-1] == E]
        for (tokens, log_prob), row in zip(live, rows):
            for i, more in enumerate(row):
                candidates.append((tokens + [i], log_prob + more))
        candidates.sort(key=score, reverse=True)
        beam = candidates[:k]
    return beam


# %% wrong="beam_search" name="candidates of -inf left out" says="Candidates with log-probability -inf are left out. The docstring treats them like all others, so a wide beam has them, too."
def beam_search(step_fn, k, max_len, alpha):
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    beam = [([], 0.0)]
    for _ in range(max_len):
        candidates = [(tokens, total) for tokens, total in beam if tokens[-1:] == [E]]
        for tokens, total in beam:
            if tokens[-1:] != [E]:
                row = step_fn(torch.tensor([[S, *tokens]]))[0].tolist()
                candidates += [([*tokens, i], total + more) for i, more in enumerate(row) if more > -1e30]
        beam = sorted(candidates, key=lambda c: c[1] / len(c[0]) ** alpha, reverse=True)[:k]
    return beam


# %% wrong="beam_search" name="only k = 0 is refused" says="Only k = 0 gets an error. A negative k is below 1 as well."
def beam_search(step_fn, k, max_len, alpha):
    if k == 0:
        raise ValueError("k must be at least 1, not 0")
    beam = [([], 0.0)]
    for _ in range(max_len):
        candidates = [(tokens, total) for tokens, total in beam if tokens[-1:] == [E]]
        for tokens, total in beam:
            if tokens[-1:] != [E]:
                row = step_fn(torch.tensor([[S, *tokens]]))[0].tolist()
                candidates += [([*tokens, i], total + more) for i, more in enumerate(row)]
        beam = sorted(candidates, key=lambda c: c[1] / len(c[0]) ** alpha, reverse=True)[:k]
    return beam
