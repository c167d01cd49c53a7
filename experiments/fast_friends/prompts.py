"""Prompts of rising depth, and of small talk that stays where it is: three sets of twelve. All wording is ours.

The idea is that of Aron, Melinat, Aron, Vallone & Bator (1997); these are not their items, and nobody has studied what
they bring about. Whoever may use the original ones names them in the study file (`own_prompts`).
"""

FIRST_SET = (
    "Which hour of a normal day do you like best, and what do you do then?",
    "What is a small thing that you do in a way other people find odd?",
    "Which food tastes like home to you?",
    "What did you like to play as a child?",
    "If you had a free week and no plans, what would you do on the first day?",
    "What do you always put off, and why?",
    "Which smell or song brings back a certain time at once?",
    "What have you learned lately, of any kind?",
    "What do people often think of you at first that is not quite right?",
    "Which thing that you own tells most about you?",
    "Who taught you something that you still use, and what was it?",
    "What makes you laugh when nobody else does?",
)
SECOND_SET = (
    "What do you hope will be different in your life five years from now?",
    "When did somebody surprise you with kindness?",
    "Which hard choice are you glad of today?",
    "What did you believe when you were younger that you do not believe now?",
    "What do you envy in others, if you are honest?",
    "With whom do you feel most like yourself, and what is it about them?",
    "What are you good at and rarely get to show?",
    "Which promise to yourself have you not kept yet?",
    "What did your family rarely talk about when you grew up?",
    "When did you last change your mind about a person?",
    "What makes a day feel wasted to you, and what makes it count?",
    "What would you do if you were sure that nobody would judge you?",
)
THIRD_SET = (
    "What are you afraid of that others would hardly guess?",
    "When did you feel alone although people were around you?",
    "What do you find hard to forgive, in others or in yourself?",
    "Which loss has changed you?",
    "What do you need from people close to you, and find hard to ask for?",
    "Is there something you are a little ashamed of, and could tell here?",
    "When have you hurt somebody, and what would you say to them now?",
    "What would you have liked to hear from somebody, and never did?",
    "In which moment of the last year were you moved most?",
    "What part of yourself do you show to almost nobody?",
    "What have you liked in what the other has written so far?",
    "What would you like the other to remember of you?",
)
SMALL_TALK = (
    (
        "How do you get to where you work or study?",
        "What did you have for breakfast today?",
        "Which shops do you go to most often?",
        "How is the weather where you are, and how was it last week?",
        "How many rooms are there where you live?",
        "What was the last film or series that you watched?",
        "Which sport do you follow or do, if any?",
        "What kind of phone do you use, and for how long have you had it?",
        "What do you usually wear on a working day?",
        "How do you like your tea or coffee?",
        "Which games do you know how to play?",
        "When do you get up on weekdays?",
    ),
    (
        "Which towns have you been to in the last two years?",
        "What do you usually cook when there is little time?",
        "Which holidays are kept where you live?",
        "How do you read the news?",
        "What kind of music is played where you shop?",
        "Which plants or trees are there near your home?",
        "What do you carry in your bag or pockets?",
        "Which season do you find most practical, and why?",
        "How far is it to the nearest park?",
        "What kind of books or papers are there in your home?",
        "Which day of the week is your busiest?",
        "How do you do your washing?",
    ),
    (
        "Which websites do you open every week?",
        "What did you last buy that cost more than a meal?",
        "How do you plan a trip?",
        "Which animals do you see on a normal day?",
        "What kind of weather do you dress for most carefully?",
        "Which subjects did your school teach in the last year?",
        "How do you keep your appointments in mind?",
        "What is the largest building near you?",
        "Which foods do you never buy?",
        "How long does your way to the nearest station take?",
        "What kind of shoes do you wear most?",
        "Which of these questions was the easiest to answer?",
    ),
)
DEEP = (FIRST_SET, SECOND_SET, THIRD_SET)
