# %% [markdown]
# The answer catalogue of 01_rnn_basics: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## rnn_cell


# %% right="rnn_cell" name="one long vector"
def rnn_cell(x, h, W_ih, W_hh, b):
    W = torch.cat([W_hh, W_ih], dim=1)  # [H, H + I]
    return (torch.cat([h, x], dim=1) @ W.T + b).tanh()


# %% right="rnn_cell" name="two linear layers"
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(F.linear(x, W_ih, b) + F.linear(h, W_hh))


# %% right="rnn_cell" name="one sequence at a time"
def rnn_cell(x, h, W_ih, W_hh, b):
    rows = [W_ih @ x[i] + W_hh @ h[i] + b for i in range(len(x))]
    return torch.tanh(torch.stack(rows))


# %% wrong="rnn_cell" name="no tanh" says="tanh is missing. Without it the step is linear, and a state can grow without bound."
def rnn_cell(x, h, W_ih, W_hh, b):
    return x @ W_ih.T + h @ W_hh.T + b


# %% wrong="rnn_cell" name="W_hh not turned" says="h is multiplied by W_hh and not by W_hh turned. The matrix is square, so torch does not complain, but the weights of the wrong direction are used."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + h @ W_hh + b)


# %% wrong="rnn_cell" name="bias twice" says="The bias is added twice. torch keeps two biases, and here b already stands for their sum."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(F.linear(x, W_ih, b) + F.linear(h, W_hh, b))


# %% wrong="rnn_cell" name="no bias" says="The bias is missing."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + h @ W_hh.T)


# %% wrong="rnn_cell" name="old state ignored" says="The old state plays no part, so this cell has no memory."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + b + 0 * h.sum())


# %% wrong="rnn_cell" name="input ignored" says="The input plays no part, so this cell is blind."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(h @ W_hh.T + b + 0 * x.sum())


# %% wrong="rnn_cell" name="sigmoid" says="This is a sigmoid. The plain RNN uses tanh, so that states can be negative too."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.sigmoid(x @ W_ih.T + h @ W_hh.T + b)


# %% wrong="rnn_cell" name="ReLU" says="This is a ReLU. The formula has tanh, which keeps the state between -1 and 1."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.relu(x @ W_ih.T + h @ W_hh.T + b)


# %% wrong="rnn_cell" name="tanh of the input part only" says="tanh goes around the whole sum; here the part of the state is added after it."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + b) + h @ W_hh.T


# %% wrong="rnn_cell" name="tanh of each part" says="tanh goes around the whole sum, and not around each part of it."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + b) + torch.tanh(h @ W_hh.T)


# %% wrong="rnn_cell" name="old state added again" says="The old state is added on top of the new one. This is a residual connection, and not the formula."
def rnn_cell(x, h, W_ih, W_hh, b):
    return h + torch.tanh(x @ W_ih.T + h @ W_hh.T + b)


# %% wrong="rnn_cell" name="parts subtracted" says="The part of the state is subtracted; the formula adds it."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T - h @ W_hh.T + b)


# %% wrong="rnn_cell" name="state before input in W" says="The long vector is [x; h], but the big matrix is [W_hh W_ih]: their orders do not fit."
def rnn_cell(x, h, W_ih, W_hh, b):
    W = torch.cat([W_hh, W_ih], dim=1)
    return torch.tanh(torch.cat([x, h], dim=1) @ W.T + b)


# %% wrong="rnn_cell" name="columns and rows mixed up" says="Shapes: x is [B, I] and W_ih is [H, I]. W_ih must be turned, so that the product is [B, H]."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih + h @ W_hh + b)


# %% wrong="rnn_cell" name="vectors as columns" says="This works with column vectors: the result is [H, B], and the batch must come first."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(W_ih @ x.T + W_hh @ h.T + b.unsqueeze(1))


# %% wrong="rnn_cell" name="mean over the batch" says="The sequences of a batch are mixed: each one must get the state that it would get alone."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + h.mean(dim=0, keepdim=True) @ W_hh.T + b)


# %% wrong="rnn_cell" name="written into h" says="The new state is written into the old one. The caller's h is lost, and autograd complains or gives nonsense."
def rnn_cell(x, h, W_ih, W_hh, b):
    with torch.no_grad():
        old = h.clone()
        h.copy_(torch.tanh(x @ W_ih.T + h @ W_hh.T + b))
    return torch.tanh(x @ W_ih.T + old @ W_hh.T + b)


# %% wrong="rnn_cell" name="gradient to the state cut" says="h is detached, so no gradient flows back to earlier steps: nothing of the past can be learned."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.T + h.detach() @ W_hh.T + b)


# %% wrong="rnn_cell" name="no gradient at all" says="Under no_grad nothing can be learned: the gradient must flow through the step."
def rnn_cell(x, h, W_ih, W_hh, b):
    with torch.no_grad():
        return torch.tanh(x @ W_ih.T + h @ W_hh.T + b)


# %% wrong="rnn_cell" name="always zeros" says="This returns zeros, whatever comes in."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.zeros_like(h)


# %% wrong="rnn_cell" name="tanh by hand" says="exp of a large number is infinite, and infinity divided by infinity is NaN. torch.tanh is safe for every number."
def rnn_cell(x, h, W_ih, W_hh, b):
    z = x @ W_ih.T + h @ W_hh.T + b
    return (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())


# %% wrong="rnn_cell" name="bounds before tanh" says="You cut the sum off before tanh. tanh takes every number, and the cut changes the state and its gradient."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh((x @ W_ih.T + h @ W_hh.T + b).clamp(-5, 5))


# %% wrong="rnn_cell" name="always float32" says="Your result is float32 whatever comes in, so half of the digits of float64 are lost. Leave the dtype alone."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x.float() @ W_ih.float().T + h.float() @ W_hh.float().T + b.float())


# %% wrong="rnn_cell" name="turns the weights in place" says="t_() turns the caller's own matrices, and the next step gets them turned. W.T is a new view and changes nothing."
def rnn_cell(x, h, W_ih, W_hh, b):
    return torch.tanh(x @ W_ih.t_() + h @ W_hh.t_() + b)


# %% [markdown]
# ## rnn_forward


# %% right="rnn_forward" name="inputs all at once"
def rnn_forward(x, h0, W_ih, W_hh, b):
    inputs = x @ W_ih.T + b  # [B, T, H]
    h, hs = h0, []
    for step in inputs.unbind(dim=1):
        h = torch.tanh(step + h @ W_hh.T)
        hs.append(h)
    return torch.stack(hs, dim=1), hs[-1]


# %% right="rnn_forward" name="one step, then the rest"
def rnn_forward(x, h0, W_ih, W_hh, b):
    h = rnn_cell(x[:, 0], h0, W_ih, W_hh, b)
    if x.shape[1] == 1:
        return h.unsqueeze(1), h
    hs, hT = rnn_forward(x[:, 1:], h, W_ih, W_hh, b)
    return torch.cat([h.unsqueeze(1), hs], dim=1), hT


# %% wrong="rnn_forward" name="input of the step before" says="Step t reads x[:, t - 1], so the first input is used twice and the last one never."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, max(t - 1, 0)], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="h0 ignored" says="The run starts from zeros, and h0 plays no part. In stage 03, h0 carries a whole word."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = torch.zeros_like(h0), []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="one start for the whole batch" says="All sequences start from the first row of h0. Each one has a start of its own."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0[:1].expand_as(h0), []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="state not carried on" says="Every step starts from h0 again, so no step knows of the one before."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h0, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="steps over the batch" says="The loop takes x[t], a whole sequence, for a step. Batch comes first: step t is x[:, t]."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(len(x)):
        h = rnn_cell(x[t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="time first" says="The states are stacked along dimension 0: [T, B, H]. Batch comes first here."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=0), h


# %% wrong="rnn_forward" name="states before the steps" says="hs[:, t] is the state before x[:, t]: everything is one step late."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        states.append(h)
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="h0 among the states" says="hs holds h0 as well, so it has T + 1 steps."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, [h0]
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="last input left out" says="The loop ends one step too early: the last input is never read."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        if t < x.shape[1] - 1 or t == 0:
            h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="read backwards" says="The sequence is read from its end to its beginning."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in reversed(range(x.shape[1])):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.insert(0, h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="first state as hT" says="The second result is the first state. hT is the last one."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), states[0]


# %% wrong="rnn_forward" name="hT as torch shapes it" says="hT has a dimension of size 1 in front, as torch's own has it. Here it is [B, H]."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h.unsqueeze(0)


# %% wrong="rnn_forward" name="mean as hT" says="The second result is the mean of the states. hT is the last state."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), torch.stack(states, dim=1).mean(dim=1)


# %% wrong="rnn_forward" name="states only" says="Only hs is returned. Return two things: hs and hT."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1)


# %% wrong="rnn_forward" name="squeezed" says="squeeze() removes every dimension of size 1, so a sequence of one step or a batch of one loses it."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1).squeeze(), h


# %% wrong="rnn_forward" name="detached between the steps" says="The state is detached at each step, so no gradient reaches an earlier input."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h.detach(), W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="h0 overwritten" says="Each new state is written into h0. The caller's tensor is lost."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    h0.data.copy_(h.detach())
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="one tensor for all states" says="The list holds the same tensor T times, overwritten at each step: at the end all states look like the last one."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0.clone(), []
    for t in range(x.shape[1]):
        h.data.copy_(rnn_cell(x[:, t], h, W_ih, W_hh, b).detach())
        states.append(h)
    return torch.stack(states, dim=1), h


# %% wrong="rnn_forward" name="sum of all states so far" says="hs holds running sums of the states. It should hold the states themselves."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1).cumsum(dim=1), h


# %% wrong="rnn_forward" name="states of float32" says="torch.zeros makes float32, and your states are written into it whatever the dtype of x is. Collect them in a list, or use x.new_zeros."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, hs = h0, torch.zeros(len(x), x.shape[1], len(b))
    for t in range(x.shape[1]):
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        hs[:, t] = h
    return hs, h


# %% wrong="rnn_forward" name="cuts the history after ten steps" says="You detach the state every ten steps, so no gradient comes from further back. Here the whole sequence belongs to the graph."
def rnn_forward(x, h0, W_ih, W_hh, b):
    h, states = h0, []
    for t in range(x.shape[1]):
        if t % 10 == 0 and t > 0:
            h = h.detach()
        h = rnn_cell(x[:, t], h, W_ih, W_hh, b)
        states.append(h)
    return torch.stack(states, dim=1), h


# %% [markdown]
# ## run_mode


# %% right="run_mode" name="a loop with the cell"
def run_mode(cell, x, mode):
    modes = ["many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"]
    if mode not in modes:
        raise ValueError(f"{mode} is none of {', '.join(modes)}")
    h, states = x.new_zeros(x.shape[0], cell.W_hh.shape[0]), []
    for t in range(x.shape[1]):
        step = x[:, t]
        if mode == "one_to_many_every":
            step = x[:, 0]
        if mode == "one_to_many_once" and t > 0:
            step = torch.zeros_like(x[:, 0])
        h = rnn_cell(step, h, *cell)
        states.append(h)
    return h if mode == "many_to_one" else torch.stack(states, dim=1)


# %% right="run_mode" name="a table of inputs"
def run_mode(cell, x, mode):
    W_ih, W_hh, b = cell
    first = (torch.arange(x.shape[1]) == 0).view(1, -1, 1)
    table = {
        "many_to_many": x,
        "many_to_one": x,
        "one_to_many_once": torch.where(first, x, x.new_zeros(())),
        "one_to_many_every": x[:, 0].unsqueeze(1).repeat(1, x.shape[1], 1),
    }
    if mode not in table:
        raise ValueError(mode)
    hs, hT = rnn_forward(table[mode], x.new_zeros(len(x), len(b)), W_ih, W_hh, b)
    return {"many_to_one": hT}.get(mode, hs)


# %% wrong="run_mode" name="mean in many_to_one" says="many_to_one gives the mean of the states. It should give the state after the last step."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs.mean(dim=1) if mode == "many_to_one" else hs


# %% wrong="run_mode" name="largest in many_to_one" says="many_to_one gives the largest value of each unit over time. It should give the state after the last step."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs.amax(dim=1) if mode == "many_to_one" else hs


# %% wrong="run_mode" name="first state in many_to_one" says="many_to_one gives the first state, which has read only one input."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs[:, 0] if mode == "many_to_one" else hs


# %% wrong="run_mode" name="one step left in many_to_one" says="many_to_one keeps a time dimension of size 1. The result is [B, H]."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs[:, -1:] if mode == "many_to_one" else hs


# %% wrong="run_mode" name="last step of the batch" says="hs[-1] is the last sequence of the batch. The last step is hs[:, -1]."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs[-1] if mode == "many_to_one" else hs


# %% wrong="run_mode" name="all states in many_to_one" says="many_to_one returns all states. Only the last one is asked for."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hs


# %% wrong="run_mode" name="input at every step in once" says="In `once` the input comes at every step, so it is the same as `every`. After the first step the cell reads zeros."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = x[:, :1].expand_as(x)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="once in place of every" says="In `every` the input comes only at the first step, so it is the same as `once`."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="once and every swapped" says="`once` and `every` are swapped."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_every":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_once":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="x read on in the one-to-many modes" says="The one-to-many modes read all of x. Only x[:, 0] counts there."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = x
    elif mode == "one_to_many_every":
        inputs = x
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="last input in place of the first" says="The one input is taken from the last step of x. It is the first one, x[:, 0]."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, -1:], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, -1:].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="the input comes at the end" says="In `once` the zeros come first and the input last. The input belongs to the first step."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([torch.zeros_like(x[:, 1:]), x[:, :1]], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="one step too few" says="The one-to-many modes make T - 1 steps: the state after the first input is missing."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs if mode == "many_to_many" or x.shape[1] == 1 else hs[:, 1:]


# %% wrong="run_mode" name="no bias in the empty steps" says="In `once`, the later steps leave the bias out. A step that reads zeros is a full step: tanh(W_hh h + b)."
def run_mode(cell, x, mode):
    if mode not in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
        raise ValueError(f"unknown mode {mode}")
    inputs = x if mode.startswith("many") else x[:, :1].expand_as(x)
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    if mode == "one_to_many_once":
        states = [hs[:, 0]]
        for _ in range(x.shape[1] - 1):
            states.append(torch.tanh(states[-1] @ cell.W_hh.T))
        return torch.stack(states, dim=1)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="state stands still in the empty steps" says="In `once`, the state is copied and no further steps are made. A step that reads zeros is a full step."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    if mode == "one_to_many_once":
        return hs[:, :1].expand_as(hs)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="zeros written into x" says="The zeros of `once` are written into the caller's x. Make a new tensor."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = x
        x.data[:, 1:] = 0
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="first state of ones" says="The first state is all ones. It should be zeros."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, torch.ones(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="detached" says="The result is detached, so nothing can be learned through it."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return (hT if mode == "many_to_one" else hs).detach()


# %% wrong="run_mode" name="unknown modes pass" says="A mode that does not exist is taken for one_to_many_every. It should be a ValueError."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    else:
        inputs = x[:, :1].expand_as(x)
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="only the beginning of the mode compared" says="Only the beginning of the mode is compared, so misspelt modes pass. Compare the whole string."
def run_mode(cell, x, mode):
    if mode.startswith("many_to_"):
        inputs = x
    elif mode.endswith("once"):
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode.startswith("one_to_many"):
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="error without the mode" says="The ValueError does not say which mode is unknown."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError("unknown")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="zeros by multiplying" says="You multiply the later inputs by 0: where NaN stands there, NaN times 0 is NaN. In `once` they are not read at all, so put zeros in their place."
def run_mode(cell, x, mode):
    if mode not in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
        raise ValueError(f"unknown mode {mode}")
    if mode == "one_to_many_once":
        first = torch.zeros_like(x)
        first[:, 0] = 1.0
        x = x * first
    elif mode == "one_to_many_every":
        x = x[:, :1].expand_as(x)
    hs, hT = rnn_forward(x, x.new_zeros(len(x), len(cell.W_hh)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="zeros of float32" says="torch.zeros makes float32, also where x is float64. torch.zeros_like(x) and x.new_zeros take the dtype of x."
def run_mode(cell, x, mode):
    if mode not in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
        raise ValueError(f"unknown mode {mode}")
    if mode == "one_to_many_once":
        inputs = torch.zeros(x.shape)
        inputs[:, 0] = x[:, 0]
    else:
        inputs = x[:, :1].expand_as(x) if mode == "one_to_many_every" else x
    hs, hT = rnn_forward(inputs, x.new_zeros(len(x), len(cell.W_hh)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="a mode that is nearly right" says="You mend the mode before you compare it, so other strings pass as well. A mode that is none of the four is an error."
def run_mode(cell, x, mode):
    mode = mode.strip().replace("-", "_")
    if mode not in ("many_to_many", "many_to_one", "one_to_many_once", "one_to_many_every"):
        raise ValueError(f"unknown mode {mode}")
    if mode == "one_to_many_once":
        x = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        x = x[:, :1].expand_as(x)
    hs, hT = rnn_forward(x, x.new_zeros(len(x), len(cell.W_hh)), *cell)
    return hT if mode == "many_to_one" else hs


# %% [markdown]
# ## grad_vs_lag


# %% wrong="run_mode" name="always float32" says="The first state is float32, whatever x is. Cells in float64 then stop with an error: make the zeros like those of x, with x.new_zeros."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, :1].expand_as(x)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, torch.zeros(len(x), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% wrong="run_mode" name="repeated along the wrong dimension" says="x[:, 0] has no time dimension any more, so repeat(1, T, 1) repeats the whole batch. Keep the dimension: x[:, :1]."
def run_mode(cell, x, mode):
    if mode in ("many_to_many", "many_to_one"):
        inputs = x
    elif mode == "one_to_many_once":
        inputs = torch.cat([x[:, :1], torch.zeros_like(x[:, 1:])], dim=1)
    elif mode == "one_to_many_every":
        inputs = x[:, 0].repeat(1, x.shape[1], 1)
    else:
        raise ValueError(f"unknown mode {mode}")
    hs, hT = rnn_forward(inputs, x.new_zeros(len(inputs), len(cell.b)), *cell)
    return hT if mode == "many_to_one" else hs


# %% right="grad_vs_lag" name="chain rule by hand"
def grad_vs_lag(cell, T, seed):
    W_ih, W_hh, b = (weight.detach() for weight in cell)
    x = torch.randn(1, T, W_ih.shape[1], generator=torch.Generator().manual_seed(seed), dtype=W_hh.dtype)
    h, states = torch.zeros(len(b), dtype=W_hh.dtype), []
    for t in range(T):
        h = torch.tanh(W_ih @ x[0, t] + W_hh @ h + b)
        states.append(h)
    v, norms = torch.ones_like(h), []
    for h in reversed(states):
        v = v * (1 - h * h)  # through tanh
        norms.append((W_ih.T @ v).norm())
        v = W_hh.T @ v  # to the step before
    return torch.stack(norms)


# %% right="grad_vs_lag" name="backward on detached weights"
def grad_vs_lag(cell, T, seed):
    weights = [weight.detach() for weight in cell]
    generator = torch.Generator()
    generator.manual_seed(seed)
    x = torch.randn(1, T, weights[0].shape[1], generator=generator, dtype=weights[1].dtype)
    x.requires_grad = True
    h = torch.zeros(1, weights[1].shape[0], dtype=weights[1].dtype)
    for t in range(T):
        h = rnn_cell(x[:, t], h, *weights)
    h.sum().backward()
    return torch.stack([x.grad[0, T - 1 - k].square().sum().sqrt() for k in range(T)])


# %% wrong="grad_vs_lag" name="lag reversed" says="The numbers are in the order of the steps. Lags count from the end: element 0 is the last input."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1)


# %% wrong="grad_vs_lag" name="the bound of the sigmoid" says="This is 0.25 to the power of the lag, and not a measurement. Section 1.5 shows that it is far off."
def grad_vs_lag(cell, T, seed):
    return 0.25 ** torch.arange(T, dtype=cell.W_hh.dtype)


# %% wrong="grad_vs_lag" name="the bound of the largest singular value" says="This is a bound from the largest singular value, and not the gradient itself."
def grad_vs_lag(cell, T, seed):
    sigma = torch.linalg.svdvals(cell.W_hh.detach())[0]
    return cell.W_ih.detach().sum(dim=0).norm() * sigma ** torch.arange(T, dtype=cell.W_hh.dtype)


# %% wrong="grad_vs_lag" name="slopes left out" says="The slopes of tanh are missing in your product: it is the gradient of a linear network."
def grad_vs_lag(cell, T, seed):
    v, norms = torch.ones_like(cell.b.detach()), []
    for _ in range(T):
        norms.append((cell.W_ih.detach().T @ v).norm())
        v = cell.W_hh.detach().T @ v
    return torch.stack(norms)


# %% wrong="grad_vs_lag" name="all states summed" says="This is the gradient of the sum of all states. Only the last state is asked for."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hs.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="mean of the last state" says="This is the gradient of the mean of the last state. Its sum is asked for, H times as much."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.mean(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="squared last state" says="This is the gradient of the sum of the squares of the last state. Its plain sum is asked for."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.square().sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="squared norm" says="This is the square of the norm. Take the root."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].square().sum(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="sum of the numbers" says="The numbers of the gradient are added up, so that plus and minus cancel. Take their norm."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].sum(dim=-1).abs().flip(0)


# %% wrong="grad_vs_lag" name="sum of the absolute values" says="This is the sum of the absolute values. The Euclidean norm is asked for."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].abs().sum(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="largest number" says="This is the largest number of the gradient. Its Euclidean norm is asked for."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].abs().amax(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="lag counted from 1" says="The last input is left out: your element 0 is lag 1."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1).flip(0).roll(-1)


# %% wrong="grad_vs_lag" name="gradient at the states" says="This is the gradient with respect to the states. The inputs are asked for."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, states = x.new_zeros(1, len(cell.W_hh)), []
    for t in range(T):
        hs = rnn_cell(x[:, t], hs, *cell)
        states.append(hs)
    gradients = torch.autograd.grad(hs.sum(), states)
    return torch.stack([gradient.norm() for gradient in reversed(gradients)])


# %% wrong="grad_vs_lag" name="seed ignored" says="The seed plays no part: every call has the same inputs."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="inputs of ones" says="The inputs are all ones. The docstring says which random ones to take."
def grad_vs_lag(cell, T, seed):
    x = torch.ones(1, T, cell.W_ih.shape[1], dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="even inputs" says="The inputs come from torch.rand, evenly between 0 and 1. The docstring says torch.randn."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="finite differences" says="The gradient is estimated by small changes of the inputs. Far back it is smaller than the rounding errors, so you measure noise."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    weights = [weight.detach().double() for weight in cell]
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).double()
    h0, eps = torch.zeros(T, len(cell.W_hh), dtype=torch.float64), 1e-5
    numbers = []
    for i in range(x.shape[2]):
        change = eps * torch.eye(T, dtype=torch.float64).unsqueeze(2) * torch.eye(x.shape[2], dtype=torch.float64)[i]
        up, down = (rnn_forward(x + sign * change, h0, *weights)[1].sum(dim=1) for sign in (1, -1))
        numbers.append((up - down) / (2 * eps))
    return torch.stack(numbers, dim=1).norm(dim=1).flip(0).to(cell.W_hh.dtype)


# %% wrong="grad_vs_lag" name="always float32" says="Everything is done in float32, also where the weights are float64: the inputs are others, and tiny gradients become zero."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=torch.float32).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *(weight.float() for weight in cell))
    (gradient,) = torch.autograd.grad(hT.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="gradients left in the cell" says="backward() also fills the .grad of the cell's weights. The next training step of the caller would use them."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    hT.sum().backward()
    return x.grad[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="gradients of the cell cleared" says="You clear the .grad of the cell's weights afterwards. What stood there belongs to the caller."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    hT.sum().backward()
    for weight in cell:
        weight.grad = None
    return x.grad[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="a gradient of the gradient" says="The result keeps a graph of its own (create_graph). It is a measurement; nobody asks for its gradient."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    hs, hT = rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)
    (gradient,) = torch.autograd.grad(hT.sum(), x, create_graph=True)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="state detached at every step" says="The state is detached between the steps, so only the last input has a gradient."
def grad_vs_lag(cell, T, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    h = x.new_zeros(1, len(cell.W_hh))
    for t in range(T):
        h = rnn_cell(x[:, t], h.detach(), *cell)
    (gradient,) = torch.autograd.grad(h.sum(), x)
    return gradient[0].norm(dim=-1).flip(0)


# %% wrong="grad_vs_lag" name="freezes the weights" says="You switch requires_grad of the caller's weights off to keep their .grad empty, and it stays off: they can no longer be trained. torch.autograd.grad needs no such trick."
def grad_vs_lag(cell, T, seed):
    for weight in cell:
        weight.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, T, cell.W_ih.shape[1], generator=generator, dtype=cell.W_hh.dtype).requires_grad_()
    rnn_forward(x, x.new_zeros(1, len(cell.W_hh)), *cell)[1].sum().backward()
    return x.grad[0].norm(dim=-1).flip(0)


# %% [markdown]
# ## clip_grad


# %% right="clip_grad" name="torch's own"
def clip_grad(params, max_norm):
    params = list(params)
    if max_norm <= 0:
        raise ValueError("max_norm must be larger than zero")
    return float(nn.utils.clip_grad_norm_(params, max_norm))


# %% right="clip_grad" name="one long vector"
def clip_grad(params, max_norm):
    if not max_norm > 0:
        raise ValueError(f"max_norm={max_norm}")
    params = [p for p in params if p.grad is not None]
    if not params:
        return 0.0
    norm = torch.cat([p.grad.flatten() for p in params]).norm().item()
    for p in params:
        p.grad = p.grad * min(1.0, max_norm / norm) if norm > max_norm else p.grad
    return norm


# %% wrong="clip_grad" name="per tensor" says="Each gradient is clipped on its own, so the step goes in another direction. One factor for all."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    for g in gradients:
        if g.norm() > max_norm:
            g.mul_(max_norm / g.norm())
    return norm


# %% wrong="clip_grad" name="small gradients scaled up" says="Gradients below max_norm are scaled up to it. Clipping only makes large ones smaller."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > 0:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="every number clamped" says="Every number is clamped on its own, so the step goes in another direction."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.clamp_(-max_norm, max_norm)
    return norm


# %% wrong="clip_grad" name="norm after the scaling" says="The norm after the scaling is returned. The one before is asked for: it shows how large the gradient was."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return min(norm, float(max_norm))


# %% wrong="clip_grad" name="sum of the norms" says="The norms of the gradients are added up: that is 6.7 in the example. The total norm is the root of the sum of squares, 5."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = float(sum(g.norm().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="root forgotten" says="The root is missing: 25 is the square of the total norm."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = float(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="largest norm" says="The largest norm of a single parameter is taken. All parameters together count."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = max([g.norm().item() for g in gradients], default=0.0)
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="sum of the absolute values" says="The absolute values are added up. The total norm is the root of the sum of the squares."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = float(sum(g.abs().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="scaled to norm 1" says="The gradients are scaled to norm 1, whatever max_norm is."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(1 / norm)
    return norm


# %% wrong="clip_grad" name="divided by max_norm" says="The gradients are divided by max_norm, and not by norm / max_norm."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.div_(max_norm)
    return norm


# %% wrong="clip_grad" name="factor upside down" says="The factor is upside down: large gradients become even larger."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(norm / max_norm)
    return norm


# %% wrong="clip_grad" name="copies scaled" says="The scaled gradients are new tensors that nobody keeps. Change p.grad itself."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g = g * (max_norm / norm)
    return norm


# %% wrong="clip_grad" name="parameters scaled" says="The parameters themselves are scaled, and not their gradients: the model is changed."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    params = list(params)
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for p in params:
            p.data.mul_(max_norm / norm).sub_(1e-3)
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="norm of the parameters" says="The norm of the parameters is measured, and not that of their gradients."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    params = [p for p in params if p.grad is not None]
    gradients = [p.grad for p in params]
    norm = math.sqrt(sum(p.detach().square().sum().item() for p in params))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="only the first parameter" says="Only the gradient of the first parameter is measured and scaled."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None][:1]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="None not skipped" says="A parameter without a gradient raises an error. Its .grad is None, and it is skipped."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="a tensor returned" says="A tensor is returned; a Python float is asked for."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return torch.tensor(norm)


# %% wrong="clip_grad" name="runs through the parameters twice" says="The parameters are run through twice. `model.parameters()` is an iterator: the second time it is empty, and nothing is scaled."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm must be positive, not {max_norm}")
    norm = math.sqrt(sum(p.grad.square().sum().item() for p in params if p.grad is not None))
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="max_norm not checked" says="A max_norm of zero or below is taken without an error. Zero stops all learning, and a negative one turns every step around."
def clip_grad(params, max_norm):
    gradients = [p.grad for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return norm


# %% wrong="clip_grad" name="scales copies" says="float() and to() make a copy where the dtype differs, and you scale the copy. The gradient itself, p.grad, must be scaled."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm is {max_norm}, but must be positive")
    gradients = [p.grad.float() for p in params if p.grad is not None]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return norm


# %% wrong="clip_grad" name="leaves single numbers out" says="You leave out gradients of shape []. A parameter may be a single number, and its gradient counts like all others."
def clip_grad(params, max_norm):
    if max_norm <= 0:
        raise ValueError(f"max_norm is {max_norm}, but must be positive")
    gradients = [p.grad for p in params if p.grad is not None and p.grad.dim() > 0]
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return norm


# %% [markdown]
# ## sample


# %% right="sample" name="Gumbel noise"
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("a negative temperature has no meaning")
    if not temperature:
        return logits.argmax(dim=1)
    uniform = torch.rand(logits.shape, generator=generator, dtype=torch.float64).clamp_min(1e-300)
    return (logits.double() / temperature - (-uniform.log()).log()).argmax(dim=1)


# %% right="sample" name="sums of probabilities"
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"temperature {temperature} < 0")
    largest = logits.max(dim=1, keepdim=True).values
    if temperature == 0:
        return (logits == largest).int().argmax(dim=1)
    p = ((logits - largest).double() / temperature).exp()
    sums = (p / p.sum(dim=1, keepdim=True)).cumsum(dim=1)
    mark = torch.rand(len(logits), 1, generator=generator)
    return (sums < mark).sum(dim=1).clamp_max(logits.shape[1] - 1)


# %% wrong="sample" name="multiplies by the temperature" says="The logits are multiplied by the temperature: a small one makes the text wilder, and not more careful."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits * temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="temperature ignored" says="The temperature plays no part, except at 0."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = logits.softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="divided twice" says="The logits are divided by the temperature twice, so every temperature other than 1 acts too strongly."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="softmax twice" says="The softmax is taken of probabilities: that makes all symbols nearly equally likely."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits.softmax(dim=-1) / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="always the largest" says="The largest logit always wins, at every temperature. That is argmax, and not a draw."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    return (logits / temperature).argmax(dim=-1)


# %% wrong="sample" name="all equally likely" says="All ids are equally likely; the logits play no part."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = torch.ones_like(logits)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="zero not treated" says="Temperature 0 divides by zero. Its limit is the id with the largest logit."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="a small number for zero" says="In place of 0, a small temperature is used. Where two logits are close, the draw is then still a matter of chance."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    temperature = max(temperature, 0.1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="smallest at zero" says="At temperature 0 the smallest logit wins. The largest one is asked for."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmin(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="exp without care" says="exp of a large logit is infinite, and infinite divided by infinite is no number. softmax takes care of this."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).exp()
    p = p / p.sum(dim=-1, keepdim=True)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="one draw for all rows" says="One random number is used for all rows, so the rows depend on each other."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    mark = torch.rand(1, generator=generator)
    return (p.cumsum(dim=-1) < mark).sum(dim=-1).clamp_max(logits.shape[-1] - 1)


# %% wrong="sample" name="generator not used" says="The generator is not used, so the same seed gives another text each time."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1).squeeze(-1)


# %% wrong="sample" name="seeded anew at each call" says="The generator is seeded anew at each call, so it draws the same numbers again and again."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator.manual_seed(0)).squeeze(-1)


# %% wrong="sample" name="a fixed generator" says="A generator of your own with a fixed seed draws the same numbers at each call."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=torch.Generator().manual_seed(0)).squeeze(-1)


# %% wrong="sample" name="one column too many" says="multinomial gives [B, 1]. The result is [B]."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator)


# %% wrong="sample" name="squeeze of everything" says="squeeze() removes every dimension of size 1: for a batch of one row the batch itself is gone. Use squeeze(-1)."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze()


# %% wrong="sample" name="softmax over the batch" says="The softmax goes over the batch, so the rows are mixed. It goes over the symbols, the last dimension."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=0)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="logits divided in place" says="The logits are divided in place: the caller's tensor is changed."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = logits.div_(temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="negative temperature accepted" says="A negative temperature is accepted, and makes the most unlikely id the most likely one. It should be a ValueError."
def sample(logits, temperature, generator):
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)


# %% wrong="sample" name="ids counted from 1" says="The ids are one too large: they start at 0."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1) + 1


# %% wrong="sample" name="only the first row" says="Only the first row is drawn, and its id is given to all."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError(f"the temperature is negative: {temperature}")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator).squeeze(-1)[:1].expand(len(logits))


# %% right="sample" name="the largest of disturbed logits"
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature == 0:
        return logits.max(dim=1).indices
    waits = torch.empty_like(logits).exponential_(generator=generator)
    return (logits / temperature - waits.log()).argmax(dim=1)


# %% wrong="sample" name="small temperatures are 0" says="You take every small temperature for 0. Only at exactly 0 is there no chance: what counts are the logits divided by it."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature < 1e-3:
        return logits.argmax(dim=-1)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator)[:, 0]


# %% wrong="sample" name="a share for every id" says="You lift small probabilities to a fixed one, so ids come that should practically never come."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1).clamp(min=1e-3)
    return torch.multinomial(p, 1, generator=generator)[:, 0]


# %% wrong="sample" name="only the ten best" says="You draw among the ten largest logits only. That is another method, top-k; here every id can come."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature == 0:
        return logits.argmax(dim=-1)
    top = logits.topk(min(10, logits.shape[1]), dim=1)
    place = torch.multinomial((top.values / temperature).softmax(dim=-1), 1, generator=generator)
    return top.indices.gather(1, place)[:, 0]


# %% wrong="sample" name="draws again where all rows agree" says="You draw again where all rows got the same id. Rows agree by chance now and then, and that must stay so."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    ids = torch.multinomial(p, 1, generator=generator)[:, 0]
    if len(ids) > 1 and (ids == ids[0]).all():
        ids = torch.multinomial(p, 1, generator=generator)[:, 0]
    return ids


# %% wrong="sample" name="shares without chance" says="You give each id its share of the rows, nearly exactly. Each row is a draw of its own, so how often an id comes is left to chance."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    if temperature == 0:
        return logits.argmax(dim=-1)
    p = (logits / temperature).softmax(dim=-1)
    B = len(p)
    places = (torch.randperm(B, generator=generator) + torch.rand(1, generator=generator)) / B  # evenly from 0 to 1
    return (p.cumsum(dim=1) < places.unsqueeze(1)).sum(dim=1).clamp(max=p.shape[1] - 1)


# %% wrong="sample" name="scaled softmax at 0" says="At temperature 0 you draw from a very sharp softmax: close logits still get a chance, and very large ones overflow. Take the argmax."
def sample(logits, temperature, generator):
    if temperature < 0:
        raise ValueError("the temperature is negative")
    p = (logits / max(temperature, 1e-6)).softmax(dim=-1)
    return torch.multinomial(p, 1, generator=generator)[:, 0]
